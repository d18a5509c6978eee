"""A folder that scores are written to: local, or any that fsspec reaches."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import fsspec

from tfelc.core.atomic_files import atomic_write
from tfelc.core.errors import ScoringError


class Storage:
    """Reads and writes whole files in one folder.

    A local file appears under its name once all of it is on the disk. In an object store an object appears whole by
    itself.

    Args:
        url: Local path, or a URL that fsspec opens.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.local = None if "://" in url else Path(url)
        self._system, self._root = fsspec.core.url_to_fs(url)

    def names(self, folder: str = "") -> set[str]:
        """Names of the files in the folder, or in one inside it."""
        if self.local is not None:
            path = self.local / folder
            return {entry.name for entry in os.scandir(path) if entry.is_file()} if path.is_dir() else set()
        try:
            found = self._system.ls(f"{self._root}/{folder}".rstrip("/"), detail=True, refresh=True)
        except FileNotFoundError:
            return set()
        return {each["name"].rsplit("/", 1)[-1] for each in found if each["type"] == "file"}

    def read(self, name: str) -> bytes | None:
        """The content of a file, None where there is none."""
        try:
            if self.local is not None:
                return (self.local / name).read_bytes()
            return bytes(self._system.cat_file(f"{self._root}/{name}"))
        except FileNotFoundError:
            return None

    def write(self, name: str, content: bytes) -> None:
        """Writes a file, whole or not at all.

        Raises:
            ScoringError: It cannot be written.
        """
        try:
            if self.local is not None:
                path = self.local / name
                path.parent.mkdir(parents=True, exist_ok=True)
                with atomic_write(path) as temporary:
                    temporary.write_bytes(content)
            else:
                self._system.makedirs(f"{self._root}/{name}".rsplit("/", 1)[0], exist_ok=True)
                self._system.pipe_file(f"{self._root}/{name}", content)
        except OSError as error:
            raise ScoringError(f"{self.url}/{name}: cannot be written: {error.strerror or error}") from error

    def remove(self, name: str) -> None:
        """Removes a file if it is there."""
        if self.local is not None:
            (self.local / name).unlink(missing_ok=True)
        elif self._system.exists(f"{self._root}/{name}"):
            self._system.rm_file(f"{self._root}/{name}")

    def rename(self, name: str, new: str) -> None:
        """Gives a file another name; where it is gone, another process has done so."""
        if self.local is None:
            content = self.read(name)
            if content is not None:
                self.write(new, content)
                self.remove(name)
            return
        try:
            (self.local / new).parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                os.replace(self.local / name, self.local / new)
        except OSError as error:
            raise ScoringError(f"{self.url}/{new}: cannot be written: {error.strerror}") from error

    def remove_empty(self, folder: str) -> None:
        """Removes a folder that holds no files; an object store has none such."""
        if self.local is not None and (self.local / folder).is_dir() and not self.names(folder):
            with suppress(OSError):
                (self.local / folder).rmdir()

    def remove_temporary(self) -> None:
        """Removes what writers that were killed have left; an object store has none such."""
        if self.local is not None:
            for temporary in self.local.rglob(".*.tmp"):
                temporary.unlink(missing_ok=True)

    @contextmanager
    def locked(self, own: str, shared: bool) -> Iterator[None]:
        """Holds the folder while the block runs; the system lets go when the process ends, however it ends.

        On a URL nothing is locked.

        Args:
            own: Name of the lock that no two processes may hold.
            shared: Whether processes with other `own` names may work in the folder at the same time.

        Raises:
            ScoringError: Another process holds it, or the folder cannot be made.
        """
        with ExitStack() as stack:
            if self.local is not None:
                self._lock(self.local, own, shared, stack)
            yield

    def _lock(self, folder: Path, own: str, shared: bool, stack: ExitStack) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name, kind in ((".lock", fcntl.LOCK_SH if shared else fcntl.LOCK_EX), (own, fcntl.LOCK_EX)):
                file = stack.enter_context(open(folder / name, "a", encoding="utf-8"))
                fcntl.flock(file, kind | fcntl.LOCK_NB)
            if not shared:  # else the others may be writing theirs just now
                self.remove_temporary()
        except BlockingIOError:
            raise ScoringError(
                f"{self.url}: another job is writing there; wait for it, or name another folder"
            ) from None
        except OSError as error:
            raise ScoringError(f"{self.url}: cannot be written to: {error.strerror}") from error
