"""Temporary folders that go with the object that owns them."""

from __future__ import annotations

import tempfile
from pathlib import Path


class Workspace:
    """Makes temporary folders, which are removed with it."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._made = 0

    def new_folder(self) -> Path:
        """The path of a folder that does not exist yet, in one that does."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="tfelc-")
        self._made += 1
        return Path(self._folder.name) / str(self._made)
