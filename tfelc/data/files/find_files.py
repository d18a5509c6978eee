"""Sources -> files, looked into."""

from __future__ import annotations

import csv
import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import pyarrow as pa

from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import DataError
from tfelc.data.files.column_check import missing_columns
from tfelc.data.files.file_format import without_rows
from tfelc.data.files.formats import FILE_FORMATS, TABLE_FORMATS, ending_of, endings_in_words, table_kind
from tfelc.data.files.found_paths import found_paths
from tfelc.data.files.log_file import LogFile
from tfelc.data.files.opened import size_and_tail
from tfelc.data.files.partition_keys import partition_keys
from tfelc.data.files.wanted import Wanted

_LOOKED_INTO_AT_ONCE = 8


class FoundFiles(NamedTuple):
    """What sources name.

    Attributes:
        sources: The sources, tables with the version that was found.
        files: Their files, in order.
    """

    sources: list[str]
    files: list[LogFile]


def find_files(sources: Sequence[str], wanted: Wanted, others: Mapping[str, Callable[[str], None]] = {}) -> FoundFiles:
    """Finds files and looks into each.

    Args:
        sources: Paths, folders, URLs that fsspec opens, patterns, or tables as `delta:PATH` and `iceberg:PATH`, with
            `@VERSION` for another than the latest version or snapshot.
        wanted: What is going to be read.
        others: Endings of further files, such as `.tfrecord`, and what checks one; their format is the ending without
            its dot, and nothing else is known of them.

    Raises:
        DataError: Nothing is found, or a file cannot be read, or lacks a column that it must have.
        UsageError: What reads a table is not installed.
    """
    named: list[str] = []
    files: list[LogFile] = []
    for source in sources:
        if (table := _table_of(source)) is not None:
            version, found = TABLE_FORMATS.get(table[0])().files(table[1], table[2])
            named.append(str(version))
            files += found
        else:
            named.append(source)
            paths = found_paths([source], partial(_kind_of, others), ", ".join([endings_in_words(), *others]))
            files += [_named_file(path, kind) for path, kind in paths.items()]
    once: dict[str, LogFile] = {}
    for file in files:
        once.setdefault(_place(file.path), file)
    missing: dict[str, list[str]] = {}
    with ThreadPoolExecutor(_LOOKED_INTO_AT_ONCE) as pool:
        looked = list(pool.map(lambda file: _looked_into(file, wanted, others), once.values()))
    for file, lacks in looked:
        for name in lacks:
            missing.setdefault(name, []).append(file.path)
    files = [file for file, _ in looked]
    _say(files, missing)
    return FoundFiles(named, files)


@contextmanager
def naming(file: LogFile) -> Iterator[None]:
    """Turns the errors of a broken file into one line that names it."""
    try:
        yield
    except (OSError, EOFError, pa.ArrowException, csv.Error) as error:
        title = FILE_FORMATS.get(file.format).title if file.format in FILE_FORMATS.names() else file.format
        raise DataError(f"{file.path}: not a readable {title} file: {' '.join(str(error).split())}") from None


def _place(path: str) -> str:
    return path if "://" in path or table_kind(path) else os.path.abspath(path)


def _table_of(source: str) -> tuple[str, str, int | None] | None:
    if (kind := table_kind(source)) is None:
        return None
    location = source.removeprefix(f"{kind}:")
    match = re.fullmatch(r"(.+)@(\d+)", location)
    return (kind, match[1], int(match[2])) if match else (kind, location, None)


def _kind_of(others: Mapping[str, Callable[[str], None]], path: str) -> str | None:
    if (ending := ending_of(path)) is not None:
        return ending.format
    plain = path.removesuffix(".gz")
    return next((other[1:] for other in others if plain.endswith(other)), None)


def _named_file(path: str, kind: str) -> LogFile:
    ending = ending_of(path)
    return LogFile(
        path, kind, keys=tuple(partition_keys(path).items()), compression=None if ending is None else ending.compression
    )


def _looked_into(
    file: LogFile, wanted: Wanted, others: Mapping[str, Callable[[str], None]]
) -> tuple[LogFile, list[str]]:
    """The file with what it holds, and the columns that it lacks and may lack."""
    if file.table is None:
        with naming(file):
            size, tail = size_and_tail(file.path)
            file = replace(file, bytes=size, tail=tail)
            is_other = f".{file.format}" in others
            if not size and (is_other or not FILE_FORMATS.get(file.format).is_compressed_whole):
                raise DataError(f"{file.path}: the file is empty")
            if is_other:
                others[f".{file.format}"](file.path)
                return file, []
            format_ = FILE_FORMATS.get(file.format)()
            file = format_.look(file, wanted) if size else without_rows(file)
    if file.rows == 0:
        # What has no rows may lack what it will.
        return without_rows(file), []
    keys = [name for name, _ in file.keys if name not in file.names]
    return file, missing_columns(file.path, [*file.names, *keys], wanted)


def _say(files: Sequence[LogFile], missing: Mapping[str, Sequence[str]]) -> None:
    """Says once what is read as if it were there, or not there."""
    empty = [file.path for file in files if file.rows == 0]
    if empty:
        warnings.warn(f"{_some(empty)} no rows", DataWarning, stacklevel=3)
    for name, paths in missing.items():
        said = f"{_some(paths)} no column `{name}`: its `default` stands for all values there"
        warnings.warn(said, DataWarning, stacklevel=3)


def _some(paths: Sequence[str]) -> str:
    return f"{paths[0]} has" if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more files have"
