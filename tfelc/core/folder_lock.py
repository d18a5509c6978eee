"""A folder that one process at a time works in."""

from __future__ import annotations

import fcntl
import os
import platform
from pathlib import Path
from typing import IO, Self

_FILE = ".lock"


class FolderLock:
    """Holds a folder for this process, until it is released or the process ends, however it ends.

    The system keeps the lock, so that one of a dead process is none. Its file says who holds it.

    Args:
        folder: Path. The folder, which exists.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     first, second = FolderLock(Path(folder)), FolderLock(Path(folder))
        ...     print(first.acquire(), second.acquire() == first.holder)
        ...     first.release()
        ...     print(second.acquire())
        None True
        None
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE
        self._file: IO[str] | None = None
        self.holder = f"process {os.getpid()} on {platform.node()}"

    def acquire(self) -> str | None:
        """Takes the folder.

        Returns:
            None, or who holds it, in words.

        Raises:
            OSError: The folder cannot be written to.
        """
        if self._file is not None:
            return None
        file = self._path.open("a+", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip()
            file.close()
            return holder or "another process"
        except BaseException:
            file.close()
            raise
        file.truncate(0)
        file.write(self.holder)
        file.flush()
        self._file = file
        return None

    def release(self) -> None:
        """Lets go of the folder; the file stays, or another process could lock one that is about to go."""
        if self._file is not None:
            self._file.truncate(0)
            self._file.close()
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()
