"""The formats of a user's files, by name."""

from __future__ import annotations

from typing import NamedTuple

from tfelc.core.registry import Registry
from tfelc.data.files.file_format import FileFormat, RowsFormat, TableFormat

FILE_FORMATS: Registry[type[FileFormat]] = Registry(
    "file format",
    {
        "parquet": "tfelc.data.files.parquet_format:ParquetFormat",
        "csv": "tfelc.data.files.csv_format:CsvFormat",
        "jsonl": "tfelc.data.files.json_lines_format:JsonLinesFormat",
    },
)
# A table is named as `delta:PATH`, its version as `delta:PATH@VERSION`.
TABLE_FORMATS: Registry[type[TableFormat]] = Registry(
    "table format",
    {
        "delta": "tfelc.data.files.delta_format:DeltaFormat",
        "iceberg": "tfelc.data.files.iceberg_format:IcebergFormat",
        "spark": "tfelc.data.spark.spark_format:SparkFormat",
    },
)
# Ending -> pyarrow's name.
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}


class Ending(NamedTuple):
    """What the ending of a file's name says.

    Attributes:
        format: Name of the format.
        text: The ending.
        compression: What the file is compressed with as a whole; None for nothing.
    """

    format: str
    text: str
    compression: str | None


def ending_of(path: str) -> Ending | None:
    """What the ending of a path says; None where it is of no format."""
    name = path.lower()
    compression = next((each for ending, each in COMPRESSIONS.items() if name.endswith(ending)), None)
    plain = name.rpartition(".")[0] if compression else name
    for known in FILE_FORMATS.names():
        format_ = FILE_FORMATS.get(known)
        if compression and not format_.is_compressed_whole:
            continue
        for ending in format_.endings:
            if plain.endswith(ending):
                return Ending(known, ending, compression)
    return None


def without_ending(name: str) -> str:
    """The name of a file without what says its format."""
    if (ending := ending_of(name)) is None:
        return name
    plain = name.rpartition(".")[0] if ending.compression else name
    return plain[: -len(ending.text)]


def table_kind(source: str) -> str | None:
    """The kind of table that a source such as `delta:PATH` names; None where it names files."""
    kind, colon, _ = source.partition(":")
    return kind if colon and kind in TABLE_FORMATS.names() else None


def endings_in_words() -> str:
    """The endings that are read, for messages."""
    endings = [ending for name in FILE_FORMATS.names() for ending in FILE_FORMATS.get(name).endings]
    return f"{', '.join(endings)}, all but .parquet also with {', '.join(COMPRESSIONS)}"


def rows_format(name: str) -> RowsFormat:
    """What reads the rows of a format, of files or of tables."""
    if name in TABLE_FORMATS.names():
        return TABLE_FORMATS.get(name)()
    return FILE_FORMATS.get(name)()
