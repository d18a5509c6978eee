"""Files to be scored: found, identified and checked before anything is read in earnest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from tfelc.data.contract import check_type
from tfelc.data.files.find_files import find_files
from tfelc.data.files.formats import table_kind
from tfelc.data.files.log_file import LogFile
from tfelc.data.files.wanted import Wanted
from tfelc.lifecycle.scoring.tfrecord import check_tfrecord
from tfelc.schema.column import Column

TFRECORD = "tfrecord"
_OTHERS = {f".{TFRECORD}": check_tfrecord}


def find_inputs(
    sources: Sequence[str], columns: Mapping[str, Column], csv_delimiter: str | None = None
) -> list[LogFile]:
    """The files that sources name, in order, each looked into.

    Args:
        sources: What `find_files` takes, and .tfrecord or .tfrecord.gz files.
        columns: Columns that are going to be read; those with a `default` may be missing.
        csv_delimiter: What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.

    Raises:
        DataError: Nothing is found, or a file is of another kind, cannot be read, or lacks a column.
        UsageError: What reads a table is not installed.
    """
    optional = [name for name, column in columns.items() if column.default is not None]
    files = _found(sources, Wanted(columns, optional, csv_delimiter))
    for file in files:
        for name, column in columns.items():
            if (found := file.type_of(name)) is not None and file.rows != 0:
                check_type(name, column, found, file.path)
    return files


def stored_type(sources: Sequence[str], name: str, csv_delimiter: str | None = None) -> pa.DataType | None:
    """The type of a column in the first file that sources name; None where the file does not say, or lacks it."""
    files = _found(sources[:1], Wanted([], csv_delimiter=csv_delimiter))
    return files[0].type_of(name) if files else None


def stored_names(sources: Sequence[str], csv_delimiter: str | None = None) -> list[str]:
    """The columns of the first file that sources name, those that stand in its folders' names among them."""
    files = _found(sources[:1], Wanted([], csv_delimiter=csv_delimiter))
    return [name for file in files[:1] for name in (*file.names, *dict(file.keys))]


def _found(sources: Sequence[str], wanted: Wanted) -> list[LogFile]:
    # In one place: what is said of the files is then said once.
    return find_files(sources, wanted, _OTHERS).files


def at_versions_of(sources: Sequence[str], paths: Sequence[str]) -> tuple[str, ...]:
    """The sources, tables at the versions that an earlier process of the job saw.

    Args:
        sources: What is to be scored.
        paths: Paths of the files that the earlier process found.
    """
    return tuple(_at_version_of(source, paths) for source in sources)


def _at_version_of(source: str, paths: Sequence[str]) -> str:
    if table_kind(source) is None:
        return source
    versions = {path[len(source) + 1 :].partition("/")[0] for path in paths if path.startswith(f"{source}@")}
    return f"{source}@{versions.pop()}" if len(versions) == 1 else source
