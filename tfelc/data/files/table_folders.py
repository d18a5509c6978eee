"""Folders of tables whose own log says which files, and which rows of them, are in the table."""

from __future__ import annotations

import os

import fsspec

from tfelc.core.errors import DataError


class TableFolders:
    """Finds out whether files belong to a Delta, an Iceberg or a Hudi table; remembers the folders it has seen."""

    def __init__(self) -> None:
        self._seen: dict[str, str | None] = {}

    def refuse(self, path: str) -> None:
        """Raises DataError for a file in a table's folder: read alone, it would give rows that were deleted.

        Args:
            path: Local path, or URL, of a file.
        """
        is_local = "://" not in path
        system, inside = fsspec.core.url_to_fs(os.path.abspath(path) if is_local else path)
        folder = inside.rpartition("/")[0]
        while folder:
            # A partition is no table.
            if "=" not in folder.rsplit("/", 1)[-1]:
                if folder not in self._seen:
                    self._seen[folder] = _kind(system, folder)
                if (kind := self._seen[folder]) is not None:
                    where = folder if is_local else system.unstrip_protocol(folder)
                    self._refuse(path, where, kind)
            folder = folder.rpartition("/")[0]

    def _refuse(self, path: str, table: str, kind: str) -> None:
        if kind == "hudi":
            raise DataError(f"{path}: belongs to a Hudi table, {table}, which is not read; write its rows as Parquet")
        shown = os.path.relpath(table) if not os.path.isabs(path) and "://" not in path else table
        raise DataError(
            f"{path}: belongs to {'an Iceberg' if kind == 'iceberg' else 'a Delta'} table, and may hold rows that were "
            f"deleted from it; name the table: {kind}:{shown}"
        )


def _kind(system: fsspec.AbstractFileSystem, folder: str) -> str | None:
    try:
        if system.isdir(f"{folder}/_delta_log"):
            return "delta"
        if system.isdir(f"{folder}/.hoodie"):
            return "hudi"
        names = system.ls(f"{folder}/metadata", detail=False) if system.isdir(f"{folder}/metadata") else []
    except OSError:
        # A store may let its files be read and not let its folders be looked into.
        return None
    return "iceberg" if any(name.endswith(".metadata.json") for name in names) else None
