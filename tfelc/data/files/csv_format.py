"""CSV and TSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc_csv

from tfelc.core.errors import DataError
from tfelc.data.files.csv_quotes import CsvQuotes
from tfelc.data.files.file_format import FileFormat, without_rows
from tfelc.data.files.log_file import LogFile
from tfelc.data.files.opened import opened
from tfelc.data.files.wanted import Wanted

_HEAD = 1 << 20
_BLOCK = 1 << 23
_NO_TEXT = {
    b"\xff\xfe": "UTF-16 text; write it as UTF-8",
    b"\xfe\xff": "UTF-16 text; write it as UTF-8",
    b"\x1f\x8b": "compressed with gzip; name it .gz",
    b"\x28\xb5\x2f\xfd": "compressed with zstd; name it .zst",
    b"BZh91AY&SY": "compressed with bzip2; name it .bz2",
    b"PAR1": "Parquet; name it .parquet",
}
_SEPARATORS = (",", ";", "\t", "|")


class CsvFormat(FileFormat):
    """CSV as RFC 4180 has it, with a header, as text: only an empty field without quotes is null."""

    title = "CSV"
    endings = (".csv", ".tsv")
    is_compressed_whole = True

    def look(self, file: LogFile, wanted: Wanted) -> LogFile:
        """Reads the header; one without a row below it is no fault."""
        is_tsv = ".tsv" in file.path.lower().rsplit("/", 1)[-1]
        delimiter = wanted.csv_delimiter or ("\t" if is_tsv else ",")
        with opened(file.path, file.compression) as stream:
            head = stream.read(_HEAD)
        for magic, what in _NO_TEXT.items():
            if head.startswith(magic):
                raise DataError(f"{file.path}: not a readable CSV file: it is {what}")
        text = head.decode("utf-8-sig", errors="replace")
        names, has_rows = _header(text, delimiter)
        found = replace(file, names=names, delimiter=delimiter)
        if not has_rows:
            return without_rows(found)
        if other := _other_separator(text, delimiter, names, wanted):
            shown = "\\t" if other == "\t" else other
            raise DataError(
                f"{file.path}: `{shown}` seems to separate the columns: name it with `csv_delimiter`",
                ["csv_delimiter"],
            )
        return found

    def read(self, file: LogFile, columns: Sequence[str], group: int | None, rows: int) -> Iterator[pa.RecordBatch]:
        """Reads all rows, in batches of a few megabytes of the file."""
        # Without columns pyarrow would give all of them.
        taken = list(columns) or [next(name for name in file.names if file.names.count(name) == 1)]
        convert: Any = pc_csv.ConvertOptions(
            include_columns=taken,
            column_types=dict.fromkeys(taken, pa.string()),
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
        )
        parse = pc_csv.ParseOptions(delimiter=file.delimiter, newlines_in_values=True)
        read = pc_csv.ReadOptions(block_size=_BLOCK)
        with opened(file.path, file.compression) as stream:
            source = pa.PythonFile(CsvQuotes(stream, file.path, str(file.delimiter)), mode="r")
            for batch in pc_csv.open_csv(source, read_options=read, convert_options=convert, parse_options=parse):
                yield batch if columns else batch.select([])


def _header(text: str, delimiter: str) -> tuple[tuple[str, ...], bool]:
    """The names in the first line, and whether a row follows."""
    try:
        records = (record for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if record)
        return tuple(next(records, [])), next(records, None) is not None
    except csv.Error:
        # A field longer than Python's reader takes; pyarrow's takes it.
        return tuple(next(csv.reader([text.splitlines()[0]], delimiter=delimiter))), True


def _other_separator(text: str, used: str, names: tuple[str, ...], wanted: Wanted) -> str | None:
    """A separator that finds more of the columns than the one that was used."""
    found = len(set(wanted.columns) & set(names))
    if found == len(wanted.columns):
        return None
    for other in _SEPARATORS:
        if other != used and len(set(wanted.columns) & set(_header(text, other)[0])) > found:
            return other
    return None
