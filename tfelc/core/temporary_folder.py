"""Folders under a temporary name, and what killed processes have left of theirs."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def temporary_folder(parent: Path, pattern: str, make: Callable[[], Path]) -> Iterator[Path]:
    """Makes a folder, and removes it in the end; before, removes those of processes that were killed.

    A process holds a lock of its folder as long as it lives, so that a folder without one is left over, whichever
    machine it was made on. Where the file system has no such locks, nothing is removed.

    Args:
        parent: Path. Where it is made, an existing folder.
        pattern: str. Glob pattern of the names of such folders.
        make: Callable. Makes the folder and returns it.

    Raises:
        OSError: As `make` does.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as home:
        ...     def make():
        ...         return Path(tempfile.mkdtemp(prefix=".new-", dir=home))
        ...
        ...     Path(home, ".new-of-a-killed-process").mkdir()
        ...     with temporary_folder(Path(home), ".new-*", make) as folder:
        ...         print(len(list(Path(home).iterdir())))
        ...     print(len(list(Path(home).iterdir())))
        1
        0
    """
    with _locked(parent, fcntl.LOCK_EX) as alone:
        # Between its making and its lock a folder looks left over; nobody else makes or removes one meanwhile.
        if alone:
            for folder in parent.glob(pattern):
                _remove_left_over(folder)
        folder = make()
        held = os.open(folder, os.O_RDONLY)
        with suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _remove_left_over(folder: Path) -> None:
    if folder.is_symlink() or not folder.is_dir():
        return
    with _locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB) as mine:
        if mine:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path, kind: int) -> Iterator[bool]:
    """Whether the lock of a folder could be had, which is held while the block runs."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:  # Removed by another process, or not readable.
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, kind)
        except OSError:
            mine = False
        else:
            mine = True
        yield mine
    finally:
        os.close(descriptor)
