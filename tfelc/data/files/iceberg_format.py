"""Iceberg tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import fsspec
import pyarrow as pa

from tfelc.core.errors import DataError, UsageError
from tfelc.data.files.file_format import TableFormat
from tfelc.data.files.log_file import LogFile, TableVersion

_METADATA = ".metadata.json"


class IcebergFormat(TableFormat):
    """The files of an Iceberg table's snapshot, without the rows that were deleted since; read by pyiceberg.

    The table is named by its folder, whose newest metadata file counts, or by a metadata file.
    """

    def files(self, location: str, version: int | None) -> tuple[TableVersion, list[LogFile]]:
        """The files in the order of their names."""
        # What was kept of it may be older than the table.
        _table.cache_clear()
        _tasks.cache_clear()
        table = _opened(location)
        if version is None:
            version = table.metadata.current_snapshot_id
        if version is None:
            return TableVersion("iceberg", location, 0), []
        found = TableVersion("iceberg", location, version)
        schema = table.schema().as_arrow()
        return found, [
            LogFile(
                path=f"{found}/{name}",
                format="iceberg",
                names=tuple(schema.names),
                types=tuple(schema.types),
                table=found,
            )
            for name in _tasks(location, version)
        ]

    def read(self, file: LogFile, columns: Sequence[str], group: int | None, rows: int) -> Iterator[pa.RecordBatch]:
        """Reads a file's rows that are left."""
        from pyiceberg.expressions import AlwaysTrue
        from pyiceberg.io.pyarrow import ArrowScan

        assert file.table is not None
        table = _table(file.table.location, file.table.version)
        task = _tasks(file.table.location, file.table.version)[file.path.removeprefix(f"{file.table}/")]
        # Without columns it would give none of the rows.
        taken = table.schema().select(*(columns or file.names[:1]), case_sensitive=True)
        try:
            for batch in ArrowScan(table.metadata, table.io, taken, AlwaysTrue()).to_record_batches([task]):
                for start in range(0, len(batch), rows):
                    yield batch.slice(start, rows).select(list(columns))
        except (ValueError, NotImplementedError) as error:
            raise DataError(f"{file.path}: cannot be read: {' '.join(str(error).split())}") from None


def _opened(location: str) -> Any:
    try:
        from pyiceberg.table import StaticTable
    except ModuleNotFoundError:
        raise UsageError(
            f"iceberg:{location}: needs pyiceberg; pip install '.[iceberg]' in a checkout of tfelc brings it"
        ) from None
    path = location if location.endswith(_METADATA) else _newest_metadata(location)
    try:
        return StaticTable.from_metadata(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not the metadata of an Iceberg table: {' '.join(str(error).split())}") from None


@lru_cache(maxsize=4)
def _table(location: str, snapshot: int) -> Any:
    table = _opened(location)
    if table.snapshot_by_id(snapshot) is None:
        raise DataError(f"iceberg:{location}: has no snapshot {snapshot}; it may have expired")
    return table


@lru_cache(maxsize=4)
def _tasks(location: str, snapshot: int) -> dict[str, Any]:
    """The files of a snapshot by their names inside the table, and what was deleted from each."""
    table = _table(location, snapshot)
    try:
        tasks = list(table.scan(snapshot_id=snapshot).plan_files())
    except (OSError, ValueError, NotImplementedError) as error:
        raise DataError(f"iceberg:{location}: cannot be read: {' '.join(str(error).split())}") from None
    inside = f"{table.location().rstrip('/')}/"
    return dict(sorted((task.file.file_path.removeprefix(inside), task) for task in tasks))


def _newest_metadata(location: str) -> str:
    try:
        system, path = fsspec.core.url_to_fs(f"{location.rstrip('/')}/metadata")
        every = system.ls(path, detail=False) if system.isdir(path) else []
    except (OSError, ValueError, ImportError) as error:
        raise DataError(f"iceberg:{location}: cannot be looked up: {' '.join(str(error).split())}") from None
    names = [name for name in every if name.endswith(_METADATA)]
    numbers = [int(match[1]) for name in names if (match := re.match(r"v?(\d+)", name.rsplit("/", 1)[-1]))]
    newest = [name for name in names if re.match(rf"v?0*{max(numbers)}\D", name.rsplit("/", 1)[-1])] if numbers else []
    if len(newest) != 1:
        found = "holds no metadata/*.metadata.json" if not newest else f"{newest[0]} and {newest[1]} are equally new"
        raise DataError(f"iceberg:{location}: {found}; name the metadata file of the table, iceberg:FILE")
    return str(newest[0]) if "://" not in location else str(system.unstrip_protocol(newest[0]))
