"""Delta tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import pyarrow as pa

from tfelc.core.errors import DataError, UsageError
from tfelc.data.files.file_format import TableFormat
from tfelc.data.files.log_file import LogFile, TableVersion
from tfelc.data.files.row_group_runs import row_group_runs


class DeltaFormat(TableFormat):
    """The files of a Delta table's version, with the partition's columns; read by deltalake and pyarrow.

    Tables with deletion vectors or mapped columns are refused.
    """

    def files(self, location: str, version: int | None) -> tuple[TableVersion, list[LogFile]]:
        """The files in the order of their names."""
        # What was kept of it may be of another table that lay there.
        _dataset.cache_clear()
        _fragments.cache_clear()
        found = TableVersion("delta", location, _opened(location, version).version())
        data = _dataset(location, found.version)
        names, types = tuple(data.schema.names), tuple(data.schema.types)
        files = [
            LogFile(
                path=f"{found}/{fragment.path}",
                format="delta",
                names=names,
                types=types,
                groups=tuple(group.num_rows for group in fragment.row_groups),
                table=found,
            )
            for fragment in data.get_fragments()
        ]
        return found, sorted(files, key=lambda file: file.path)

    def read(self, file: LogFile, columns: Sequence[str], group: int | None, rows: int) -> Iterator[pa.RecordBatch]:
        """Reads one row group, or all, in the types of the table."""
        assert file.table is not None
        data = _dataset(file.table.location, file.table.version)
        fragment = _fragments(file.table.location, file.table.version)[file.path.removeprefix(f"{file.table}/")]
        counts = [each.num_rows for each in fragment.row_groups]
        for run in row_group_runs(counts, rows) if group is None else [[group]]:
            part = fragment.subset(row_group_ids=run)
            yield from part.to_batches(schema=data.schema, columns=list(columns), batch_size=rows)


def _opened(location: str, version: int | None) -> Any:
    try:
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError
    except ModuleNotFoundError:
        raise UsageError(
            f"delta:{location}: needs deltalake; pip install '.[delta]' in a checkout of tfelc brings it"
        ) from None
    try:
        return DeltaTable(location, version=version)
    except (DeltaError, OSError, ValueError) as error:
        asked = "" if version is None else f" of version {version}"
        raise DataError(f"delta:{location}: no readable Delta table{asked}: {_in_one_line(error)}") from None


@lru_cache(maxsize=4)
def _dataset(location: str, version: int) -> Any:
    from deltalake.exceptions import DeltaProtocolError

    table = _opened(location, version)
    # Of tables of the older protocol deltalake does not look at it, and would find no values under the names.
    if table.metadata().configuration.get("delta.columnMapping.mode", "none") != "none":
        raise DataError(
            f"delta:{location}: the table has mapped columns, which are not read; write it anew without "
            "delta.columnMapping.mode, or as Parquet"
        )
    try:
        return table.to_pyarrow_dataset()
    except DeltaProtocolError as error:
        hint = "; REORG TABLE ... APPLY (PURGE) takes deletion vectors out" if "deletionVectors" in str(error) else ""
        raise DataError(f"delta:{location}: {_in_one_line(error)}{hint}") from None


@lru_cache(maxsize=4)
def _fragments(location: str, version: int) -> dict[str, Any]:
    return {fragment.path: fragment for fragment in _dataset(location, version).get_fragments()}


def _in_one_line(error: Exception) -> str:
    return " ".join(str(error).split())
