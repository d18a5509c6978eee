"""The files that requests are logged to: begun, ended by size and age, and bounded in all."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tfelc.serving.local_server.request_logging.log_file import LogFile, finished_files, remove_left_over

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class LogLimits:
    """When a file ends, and what all of them may take.

    Attributes:
        file_bytes: Bytes after which a file ends.
        file_seconds: Seconds after which it does.
        total_bytes: Bytes of all files; the oldest go first.
    """

    file_bytes: int = 64 * 2**20
    file_seconds: float = 600.0
    total_bytes: int = 4096 * 2**20


class LogFiles:
    """The open file of each prefix, and the finished ones beside it; for one thread.

    Args:
        limits: When a file ends, and what all of them may take.

    Attributes:
        lost: Records that were taken, and that the disk then did not keep, by prefix.
    """

    def __init__(self, limits: LogLimits) -> None:
        self._limits = limits
        self._open: dict[Path, LogFile] = {}
        self._kept: dict[Path, int] = {}
        self._known: set[Path] = set()
        self._problem = ""
        self.lost: dict[Path, int] = {}

    def write(self, prefix: Path, record: bytes) -> bool:
        """Adds a record to the file of a prefix; False where the disk does not take it."""
        try:
            file = self._open.get(prefix) or self._begin(prefix)
            file.write(record)
        except OSError as error:
            self._fail(prefix, error)
            return False
        if file.size >= self._limits.file_bytes:
            self._try_to_finish(prefix)
        self._bound()
        return True

    def end_old(self) -> float:
        """Ends the files that are old enough; seconds until the next one will be."""
        now = time.monotonic()
        for prefix, file in list(self._open.items()):
            if now - file.opened >= self._limits.file_seconds:
                self._try_to_finish(prefix)
        ages = [now - file.opened for file in self._open.values()]
        return self._limits.file_seconds - max(ages, default=0.0)

    def close(self) -> None:
        """Ends all files."""
        for prefix in list(self._open):
            self._try_to_finish(prefix)

    def _begin(self, prefix: Path) -> LogFile:
        if prefix not in self._known:
            prefix.parent.mkdir(parents=True, exist_ok=True)
            if removed := remove_left_over(prefix):
                _log.warning("%s: %d unfinished files of servers that were killed are removed", prefix, removed)
            self._known.add(prefix)
            self._look(prefix)
        self._open[prefix] = LogFile(prefix)
        return self._open[prefix]

    def _try_to_finish(self, prefix: Path) -> None:
        try:
            self._open[prefix].finish()
            del self._open[prefix]
            self._look(prefix)
        except OSError as error:
            self._fail(prefix, error)
            return
        if self._problem:
            _log.warning("%s: requests are logged again", prefix)
            self._problem = ""
        self._bound()

    def _fail(self, prefix: Path, error: OSError) -> None:
        if (file := self._open.pop(prefix, None)) is not None:
            self.lost[prefix] = self.lost.get(prefix, 0) + file.records
            file.abandon()
        problem = error.strerror or str(error)
        if problem != self._problem:
            _log.warning("%s: requests are not logged: %s", prefix, problem)
        self._problem = problem

    def _look(self, prefix: Path) -> None:
        """Other servers may write to the same folder, or somebody may have taken files away."""
        self._kept = {path: size for path, size in self._kept.items() if path.exists()}
        for path in finished_files(prefix):
            if path not in self._kept:
                with suppress(OSError):  # another server has deleted it
                    self._kept[path] = path.stat().st_size

    def _bound(self) -> None:
        room = self._limits.total_bytes - sum(file.size for file in self._open.values())
        while self._kept and sum(self._kept.values()) > room:
            oldest = min(self._kept, key=_began)
            with suppress(OSError):
                oldest.unlink(missing_ok=True)
            del self._kept[oldest]


def _began(path: Path) -> str:
    """The time in a file's name, by which they are sorted whatever their prefix is."""
    return path.name.rsplit("-", 2)[1]
