"""The table of formats, and one that is added to it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from tests.support.log_rows import log_rows
from tfelc.core.errors import DataError
from tfelc.data.files.file_format import FileFormat
from tfelc.data.files.formats import FILE_FORMATS, ending_of, without_ending
from tfelc.data.files.log_file import LogFile
from tfelc.data.files.opened import opened
from tfelc.data.files.wanted import Wanted


@pytest.mark.parametrize(
    ("path", "format_", "compression", "plain"),
    [
        ("a/b.parquet", "parquet", None, "a/b"),
        ("part-0.c000.snappy.parquet", "parquet", None, "part-0.c000.snappy"),
        ("x.CSV.GZ", "csv", "gzip", "x"),
        ("x.tsv.zst", "csv", "zstd", "x"),
        ("x.ndjson.bz2", "jsonl", "bz2", "x"),
    ],
)
def test_an_ending_says_what_a_file_is(path: str, format_: str, compression: str | None, plain: str) -> None:
    ending = ending_of(path)
    assert ending is not None and (ending.format, ending.compression) == (format_, compression)
    assert without_ending(path) == plain


@pytest.mark.parametrize("path", ["a.parquet.gz", "a.csv.xz", "a.gz", "csv", "a.json", "_SUCCESS"])
def test_others_say_nothing(path: str) -> None:
    assert ending_of(path) is None and without_ending(path) == path


class WordsFormat(FileFormat):
    """A word a line."""

    title = "words"
    endings = (".words",)
    is_compressed_whole = True

    def look(self, file: LogFile, wanted: Wanted) -> LogFile:
        return replace(file, names=("word",))

    def read(self, file: LogFile, columns: Sequence[str], group: int | None, rows: int) -> Iterator[pa.RecordBatch]:
        with opened(file.path, file.compression) as stream:
            words = stream.read().decode().split()
        yield pa.record_batch({name: words for name in columns})


def test_a_format_that_is_registered_is_read_like_the_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "day=3").mkdir()
    (tmp_path / "day=3" / "log.words").write_text("a\nb\n")
    with pytest.raises(DataError, match=r"log.words: a log is a file that ends in"):
        log_rows(tmp_path, ["word"])
    monkeypatch.setitem(FILE_FORMATS._parts, "words", WordsFormat)
    assert log_rows(tmp_path, ["word", "day"]) == [("a", "3"), ("b", "3")]
