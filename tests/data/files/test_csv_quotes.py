"""Quotes of CSV: doubled as in RFC 4180, or escaped by a backslash as Spark does."""

import csv
import io
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.log_rows import log_rows, told
from tfelc.core.errors import DataError
from tfelc.data.files import csv_format
from tfelc.data.files.csv_quotes import CsvQuotes

# What Spark 4.0.1 wrote of these texts by its defaults.
SPARK_TEXTS = ["C:\\dir", "C:\\a,b", 'say "hi"', 'a\\"b', "ends\\", "ends,\\", "a\\\\,b", "x\ny", 'q"\\', ""]
SPARK_TEXTS += ['\\\\"y', '"', None]
SPARK_FILE = r"""id,text
1,C:\dir
2,"C:\\a,b"
3,"say \"hi\""
4,"a\\\"b"
5,ends\
6,"ends,\\"
7,"a\\\\,b"
8,"x
y"
9,"q\"\\"
10,""
11,"\\\\\"y"
12,"\""
13,
"""
BLOCKS = pytest.mark.parametrize("block", [1, 7, 1 << 20])


def through(content: bytes, size: int) -> bytes:
    """The text as it is given to the reader, in pieces of a size."""
    stream = CsvQuotes(pa.PythonFile(io.BytesIO(content), mode="r"), "x", ",")
    return b"".join(iter(lambda: stream.read(size), b""))


def rfc_4180(words: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([number, word] for number, word in enumerate(words))
    return text.getvalue().encode()


def spark(words: list[str]) -> bytes:
    """As Spark writes texts: those with a quote, a comma or an end of line in quotes, and there with backslashes."""

    def field(word: str) -> str:
        if not any(sign in word for sign in '",\n'):
            return word
        escaped = word.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'

    return "".join(f"{number},{field(word)}\n" for number, word in enumerate(words)).encode()


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('id,name\n1,"say \\"hi\\""\n', [("1", 'say "hi"')]),
        ('id,name\n1,"a\\""\n2,"b\\""\n', [("1", 'a"'), ("2", 'b"')]),  # RFC 4180 would read one row of two.
        ('id,name\n1,"a\\",b"\n', [("1", 'a",b')]),
        ('id,name\n"1\\"",x\n', [('1"', "x")]),
        ('id,name\n1,"\\"\n\\",\\""\r\n2,""\r\n3,', [("1", '"\n","'), ("2", ""), ("3", None)]),
        ('id,name\n1,"a\\\\\\"b\\\\"\n2,C:\\\\x\\\n', [("1", 'a\\"b\\'), ("2", "C:\\\\x\\")]),
        ('\ufeff"id",name\n1,"\\"\u00e9"', [("1", '"\u00e9')]),
    ],
)
@BLOCKS
def test_quotes_escaped_by_a_backslash_are_read(
    tmp_path: Path, text: str, rows: list[tuple[str, str]], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "log.csv"
    path.write_text(text, newline="")
    for size in (block, max(block, 64)):
        if size == max(block, 64):
            monkeypatch.setattr(csv_format, "_BLOCK", size)
            found, said = told(path, ["id", "name"])
            assert found == rows
            assert said == [f'{path}: quotes are escaped by a backslash (\\"), as Spark does, and read so']


def test_what_spark_4_0_1_writes_is_read(tmp_path: Path) -> None:
    (tmp_path / "part-0.csv").write_text(SPARK_FILE)
    assert [text for _, text in log_rows(tmp_path / "part-0.csv", ["id", "text"])] == SPARK_TEXTS


@pytest.mark.parametrize(
    "text",
    [
        'id,name\n1,"a\\"\n2,"b\\""\n',  # one of each
        'id,name\n1,"say \\"hi\\""\n2,"a ""b"""\n',
        'id,name\n1,"say \\"hi\\"\\n"\n',  # MySQL writes an end of line so
        'id,name\n1,a\\"b\n',
        'id,name\n1,"a\\"b\n',
    ],
)
@BLOCKS
def test_quotes_that_cannot_be_told_are_refused(
    tmp_path: Path, text: str, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_format, "_BLOCK", max(block, 64))
    (tmp_path / "log.csv").write_text(text)
    with pytest.raises(DataError, match="write it with Spark's option escape set to a quote, or as Parquet$"):
        log_rows(tmp_path / "log.csv", ["id", "name"])


def test_what_was_given_as_it_stands_is_not_taken_back() -> None:
    given_before = b'1,"C:\\\\a,b"\n'
    late = given_before + b'2,"say \\"hi\\""\n'
    assert through(late, 100) == b'1,"C:\\a,b"\n2,"say ""hi"""\n'
    with pytest.raises(DataError, match="some text is not of that form"):
        through(late, len(given_before))


WORDS = st.lists(st.text(st.sampled_from('a\\",\n \u00e9'), max_size=8), min_size=1, max_size=6)


@settings(deadline=None, max_examples=150)
@given(WORDS, st.integers(1, 40))
def test_what_a_writer_of_rfc_4180_writes_is_left_as_it_is(words: list[str], size: int) -> None:
    content = rfc_4180(words)
    assert through(content, size) == content


@settings(deadline=None, max_examples=150)
@given(st.lists(st.text(st.sampled_from('a\\" \u00e9'), max_size=8), min_size=1, max_size=6), st.integers(1, 40))
def test_what_spark_writes_is_brought_to_rfc_4180_or_refused(words: list[str], size: int) -> None:
    rows = [[str(number), word] for number, word in enumerate(words)]

    def read(text: bytes) -> list[list[str]]:
        return list(csv.reader(io.StringIO(text.decode(), newline="")))

    assert read(through(spark(words), 1000)) == rows
    with suppress(DataError):  # A small piece may be of both forms.
        assert read(through(spark(words), size)) == rows
