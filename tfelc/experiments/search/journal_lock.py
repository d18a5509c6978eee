"""Who may write to the journal of a study."""

from __future__ import annotations

import os
from pathlib import Path

from optuna.storages.journal import JournalFileOpenLock

from tfelc.experiments.search.waiting_lock import WaitingLock


class JournalLock(JournalFileOpenLock):
    """A lock of the system's, and what a writer that was killed in the middle of a line has left is taken away.

    Optuna's own locks are files that a killed process leaves behind: the next writer waits 30 seconds for each. It also
    writes on after half a line, which makes one line of the two that nobody can read again (Optuna 5.0).

    Args:
        journal: Path. The journal.
    """

    def __init__(self, journal: Path) -> None:
        super().__init__(str(journal))
        self._journal = journal
        self._lock = WaitingLock(journal.with_name(f".{journal.name}.lock"))

    def acquire(self) -> bool:
        """Waits for the lock; whoever has it is the only one who writes."""
        self._lock.acquire()
        try:
            _end_with_a_line(self._journal)
        except BaseException:
            self._lock.release()
            raise
        return True

    def release(self) -> None:
        """Lets the next one write."""
        self._lock.release()


def _end_with_a_line(path: Path) -> None:
    with path.open("rb+") as file:
        if file.seek(0, os.SEEK_END) and (file.seek(-1, os.SEEK_END), file.read())[1] != b"\n":
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
