"""Parts of which several attempts may be made, and one is to count."""

from __future__ import annotations

from tfelc.lifecycle.scoring.part import Part
from tfelc.lifecycle.scoring.storage import Storage

ATTEMPTS = "_attempts"


class Attempt:
    """Where one attempt writes, under names that no other attempt has.

    Args:
        storage: The job's folder.
        mark: What tells the attempt from others of the job.
    """

    def __init__(self, storage: Storage, mark: str) -> None:
        self._storage = storage
        self._mark = mark

    def write(self, name: str, content: bytes, quarantine: bytes | None) -> Part:
        """Writes a part, and its quarantine where there is one."""
        part, beside = self.names(name)
        if quarantine is not None:
            self._storage.write(beside, quarantine)
        self._storage.write(part, content)
        return Part.of(name, content)

    def names(self, name: str) -> tuple[str, str]:
        """The files of a part and of its quarantine."""
        return f"{ATTEMPTS}/{name}.{self._mark}", f"{ATTEMPTS}/{name}.{self._mark}.quarantine"
