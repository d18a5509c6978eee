"""A lock that is waited for."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO, Self


class WaitingLock:
    """Lets one process in at a time; the others wait. It is released with its process, however that ends.

    Args:
        path: Path. The file that stands for it, which is made, and stays.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder, WaitingLock(Path(folder, ".lock")):
        ...     pass
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Waits until it is free, and takes it."""
        file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
        except BaseException:
            file.close()
            raise
        self._file = file

    def release(self) -> None:
        """Lets the next one in."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
