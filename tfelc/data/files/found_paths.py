"""Patterns, folders and URLs -> paths of files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import fsspec

from tfelc.core.errors import DataError
from tfelc.data.files.table_folders import TableFolders

_WILD = "*?["


class _Path(NamedTuple):
    """A path as it is shown, and whether it is that of something beside the data."""

    shown: str
    is_aside: bool


def found_paths(sources: Sequence[str], kind_of: Callable[[str], str | None], known: str) -> dict[str, str]:
    """The files that are named, in the order of the sources and within each sorted, each once, and their formats.

    What engines put beside their data is passed over where it is found by a folder or a pattern: names that begin with
    a dot or an underscore, such as `_SUCCESS`. A folder is gone through with all that is in it.

    Args:
        sources: Paths, folders, URLs that fsspec opens, or patterns (`**` goes into folders).
        kind_of: Says of which format a path is; None for none.
        known: The endings that it knows, in words.

    Raises:
        DataError: Nothing is found, a file is of no format, a folder holds files of several, or a file belongs to a
            table whose own log says what is in it.
    """
    found: dict[str, str] = {}
    tables = TableFolders()
    for source in sources:
        paths = list(_paths(source))
        for path in paths:
            tables.refuse(path.shown)
        kinds: dict[str, str] = {}
        for path in paths:
            if path.is_aside:
                continue
            if (kind := kind_of(path.shown)) is None:
                raise DataError(f"{path.shown}: a log is a file that ends in {known}")
            kinds[path.shown] = kind
        if not kinds:
            aside = f" but {paths[0].shown.rsplit('/', 1)[-1]}, which is passed over" if paths else ""
            raise DataError(f"{source}: no file matches{aside}")
        if source not in kinds and not _is_pattern(source) and len(set(kinds.values())) > 1:
            raise DataError(
                f"{source}: the folder holds {' and '.join(sorted(set(kinds.values())))} files; name those that are "
                f"meant by a pattern, such as {source.rstrip('/')}/*.parquet"
            )
        found.update(kinds)
    return found


def _paths(source: str) -> Iterator[_Path]:
    """Every file that is named; local ones as they were named, absolute or not."""
    try:
        system, inside = fsspec.core.url_to_fs(source)
        if system.isfile(inside):
            yield _Path(source, False)
            return
        if system.isdir(inside):
            names, fixed = system.find(inside), len(inside.rstrip("/").split("/"))
        elif _is_pattern(source):
            names = [name for name in system.glob(inside) if system.isfile(name)]
            fixed = next(number for number, part in enumerate(inside.split("/")) if _is_pattern(part))
        else:
            return
    except (OSError, ValueError, ImportError) as error:
        raise DataError(f"{source}: cannot be looked up: {' '.join(str(error).split())}") from None
    for name in sorted(names):
        shown = system.unstrip_protocol(name) if "://" in source else _as_given(source, name)
        yield _Path(shown, any(_is_aside(part) for part in name.split("/")[fixed:]))


def _is_pattern(source: str) -> bool:
    return any(sign in source for sign in _WILD)


def _is_aside(part: str) -> bool:
    """Whether a name is that of something beside the data; a partition's key may begin with an underscore."""
    return part.startswith(".") or (part.startswith("_") and "=" not in part)


def _as_given(source: str, name: str) -> str:
    return name if os.path.isabs(source) else os.path.relpath(name)
