"""A TFRecord file that is written under a hidden name, and gets its own once it is whole."""

from __future__ import annotations

import fcntl
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import tensorflow as tf

_ENDING = ".tfrecord"
# Length and two checksums.
_FRAME = 16


class LogFile:
    """Records of one prefix, as long as they are being written.

    Args:
        prefix: How its name begins, folder and all; the time and a random part follow.

    Attributes:
        records: How many it holds.
        size: Its bytes.
        opened: When it was begun, by the monotonic clock.

    Raises:
        OSError: It cannot be made.
    """

    def __init__(self, prefix: Path) -> None:
        began = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        self._path = prefix.with_name(f"{prefix.name}-{began}-{uuid.uuid4().hex[:8]}{_ENDING}")
        self._hidden = self._path.with_name(f".{self._path.name}.tmp")
        self.records = 0
        self.size = 0
        self.opened = time.monotonic()
        self._handle = os.open(self._hidden, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
        with suppress(OSError):
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        with _as_os_error():
            self._writer = tf.io.TFRecordWriter(str(self._hidden))

    def write(self, record: bytes) -> None:
        """Adds a record; raises OSError where the disk does not take it."""
        with _as_os_error():
            self._writer.write(record)
        self.records += 1
        self.size += len(record) + _FRAME

    def finish(self) -> None:
        """Gives the file its name; raises OSError where the disk did not take all of it."""
        with _as_os_error():
            self._writer.close()
        os.fsync(self._handle)
        os.rename(self._hidden, self._path)
        os.close(self._handle)

    def abandon(self) -> None:
        """Removes the file."""
        with suppress(OSError, tf.errors.OpError):
            self._writer.close()
        with suppress(OSError):
            self._hidden.unlink(missing_ok=True)
            os.close(self._handle)


def finished_files(prefix: Path) -> list[Path]:
    """The whole files of a prefix, the oldest first."""
    return sorted(path for path in _of(prefix, "", "") if path.name.endswith(_ENDING))


def remove_left_over(prefix: Path) -> int:
    """Removes what servers that were killed have left unfinished, and says how many files that were.

    A server holds a lock of each file that it writes; where the file system has no locks, nothing is removed.
    """
    removed = 0
    for path in _of(prefix, ".", ".tmp"):
        with suppress(OSError):
            # Between its making and its lock a file looks left over.
            if time.time() - path.stat().st_mtime < 1:
                continue
            handle = os.open(path, os.O_WRONLY)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                path.unlink()
                removed += 1
            finally:
                os.close(handle)
    return removed


def _of(prefix: Path, before: str, after: str) -> Iterator[Path]:
    """Files whose names are the prefix's with a time and eight hexadecimal digits."""
    middle = len("-20260131T101010Z-01234567")
    start = f"{before}{prefix.name}-"
    width = len(before) + len(prefix.name) + middle + len(_ENDING) + len(after)
    if prefix.parent.is_dir():
        for path in prefix.parent.iterdir():
            if path.name.startswith(start) and len(path.name) == width and path.name.endswith(f"{_ENDING}{after}"):
                yield path


@contextmanager
def _as_os_error() -> Iterator[None]:
    try:
        yield
    except tf.errors.OpError as error:
        raise OSError(error.message) from None
