"""Columns that stand in the names of folders, as Hive and Spark write them."""

from __future__ import annotations

from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

from tfelc.core.errors import DataError
from tfelc.data.files.log_file import LogFile

_NULL = "__HIVE_DEFAULT_PARTITION__"


def partition_keys(path: str) -> dict[str, str | None]:
    """The keys and values of a path's folders, percent-decoded, such as `dt=2026-11-01`.

    Args:
        path: Path or URL of a file.
    """
    folders = [part.partition("=") for part in path.split("/")[:-1]]
    return {
        unquote(key): None if value == _NULL else unquote(value) for key, is_one, value in folders if is_one and key
    }


def refuse_other_values(column: pa.Array, name: str, file: LogFile) -> None:
    """Raises DataError where a column in a file holds another value than the name of its folder says."""
    value = dict(file.keys)[name]
    try:
        said = pa.scalar(value, pa.string()).cast(column.type)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        said = pa.scalar(value, pa.string())
        column = column.cast(pa.string())
    other = pc.is_valid(column) if value is None else pc.fill_null(pc.not_equal(column, said), True)
    row = pc.index(other, pa.scalar(True)).as_py()
    if row >= 0:
        raise DataError(
            f"{file.path}: column `{name}` is in the file too, with other values than its folder's name says, such as "
            f"{column[row].as_py()!r}; leave one of them out"
        )
