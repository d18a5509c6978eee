"""Files to be scored: found, identified and checked before anything is read in earnest."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import fsspec
import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq

from tfelc.core.errors import DataError
from tfelc.data.row_faults import check_type
from tfelc.lifecycle.scoring.tfrecord import check_tfrecord
from tfelc.schema.column import Column

Format = Literal["parquet", "csv", "tfrecord"]

_ENDINGS: dict[str, Format] = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".tfrecord": "tfrecord",
    ".tfrecord.gz": "tfrecord",
}
_TAIL = 1 << 16
_CHECKED_AT_ONCE = 8


@dataclass(frozen=True)
class InputFile:
    """One file to be scored.

    Attributes:
        path: Local path, or a URL that fsspec opens.
        format: How it is read.
        bytes: Its size.
        tail: SHA-256 of its last 64 KiB, where a Parquet file keeps what it holds.
        groups: Rows of each row group of a Parquet file; None for the other formats, which do not say.
        made_from: Where what it holds was taken from, where it was made for the job alone. Defaults to nothing.
    """

    path: str
    format: Format
    bytes: int
    tail: str
    groups: tuple[int, ...] | None
    made_from: str = ""

    @property
    def source(self) -> str:
        """What messages and results call it."""
        return self.made_from or self.path

    @property
    def rows(self) -> int | None:
        """Its number of rows, where it says."""
        return None if self.groups is None else sum(self.groups)

    @property
    def is_remote(self) -> bool:
        """Whether fsspec must open it."""
        return "://" in self.path

    @property
    def identity(self) -> dict[str, Any]:
        """What tells it from another file, or from another state of itself."""
        return {"path": self.source, "bytes": self.bytes, "tail": self.tail}


def find_inputs(patterns: Sequence[str], columns: Mapping[str, Column]) -> list[InputFile]:
    """The files that patterns name, in order, each looked into.

    Args:
        patterns: Paths, URLs or glob patterns (`**` goes into folders) of .parquet, .csv, .csv.gz, .tfrecord or
            .tfrecord.gz files.
        columns: Columns that are going to be read.

    Raises:
        DataError: Nothing matches a pattern, or a file is of another kind, cannot be read, or lacks a column.
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        matches = _matches(pattern)
        if not matches:
            raise DataError(f"{pattern}: no file matches")
        found.update(dict.fromkeys(matches))
    with ThreadPoolExecutor(_CHECKED_AT_ONCE) as pool:
        return list(pool.map(lambda path: _looked_into(path, columns), found))


def stored_type(patterns: Sequence[str], name: str) -> pa.DataType | None:
    """The type of a column in the first file that patterns name; None where that is no Parquet file that has it."""
    schema = _first_schema(patterns)
    return schema.field(name).type if schema is not None and name in schema.names else None


def stored_names(patterns: Sequence[str]) -> list[str]:
    """The columns of the first file that patterns name; none where that is neither a Parquet nor a CSV file."""
    path = _first(patterns)
    if not path.endswith((".csv", ".csv.gz")):
        schema = _first_schema(patterns)
        return [] if schema is None else list(schema.names)
    try:
        with fsspec.open(path, "rb", compression="infer") as file:
            return list(pc_csv.open_csv(file).schema.names)
    except (OSError, EOFError, pa.ArrowException) as error:
        raise DataError(f"{path}: not a readable csv file: {' '.join(str(error).split())}") from None


def _first(patterns: Sequence[str]) -> str:
    return next((match for pattern in patterns for match in _matches(pattern)), "")


def _first_schema(patterns: Sequence[str]) -> pa.Schema | None:
    path = _first(patterns)
    if not path.endswith(".parquet"):
        return None
    try:
        with fsspec.open(path, "rb") as file:
            return pq.read_schema(file)
    except (OSError, EOFError, pa.ArrowException) as error:
        raise DataError(f"{path}: not a readable parquet file: {' '.join(str(error).split())}") from None


def _matches(pattern: str) -> list[str]:
    try:
        system, path = fsspec.core.url_to_fs(pattern)
        names = [name for name in system.glob(path) if system.isfile(name)]
        is_local = "://" not in pattern
        # A path stays as it was given, so that a job reads the same from wherever it is looked at.
        return [_as_given(pattern, name) if is_local else system.unstrip_protocol(name) for name in sorted(names)]
    except (OSError, ValueError, ImportError) as error:
        raise DataError(f"{pattern}: cannot be looked up: {' '.join(str(error).split())}") from None


def _as_given(pattern: str, name: str) -> str:
    return name if os.path.isabs(pattern) else os.path.relpath(name)


def _looked_into(path: str, columns: Mapping[str, Column]) -> InputFile:
    kind = next((kind for ending, kind in _ENDINGS.items() if path.endswith(ending)), None)
    if kind is None:
        raise DataError(f"{path}: a file to be scored ends in {', '.join(_ENDINGS)}")
    groups = None
    try:
        with fsspec.open(path, "rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - _TAIL))
            tail = hashlib.sha256(file.read()).hexdigest()
            file.seek(0)
            if size == 0:
                raise DataError(f"{path}: the file is empty")
            if kind == "parquet":
                parquet = pq.ParquetFile(file)
                schema = parquet.schema_arrow
                names, types = schema.names, dict(zip(schema.names, schema.types, strict=True))
                metadata = parquet.metadata
                groups = tuple(metadata.row_group(number).num_rows for number in range(metadata.num_row_groups))
        if kind == "csv":
            with fsspec.open(path, "rb", compression="infer") as file:
                names, types = pc_csv.open_csv(file).schema.names, {}
    except (OSError, EOFError, pa.ArrowException) as error:
        raise DataError(f"{path}: not a readable {kind} file: {' '.join(str(error).split())}") from None
    if kind == "tfrecord":
        check_tfrecord(path)
        return InputFile(path, kind, size, tail, None)
    for name, column in columns.items():
        if name not in names:
            raise DataError(f"{path}: column `{name}` is missing; the file has {', '.join(names[:40])}")
        if name in types:
            check_type(name, column, types[name], path)
    return InputFile(path, kind, size, tail, groups)
