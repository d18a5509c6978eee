"""What a job has done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tfelc.lifecycle.scoring.measures import Measures


@dataclass
class Summary:
    """The result of a job, or of one shard of it.

    Attributes:
        measures: What was counted.
        seconds: Time that this process took.
        scored_now: Rows that this process read; the others it found done.
        complete: Whether every part is there, and not only this shard's.
    """

    measures: Measures
    seconds: float
    scored_now: int
    complete: bool

    @property
    def scored(self) -> int:
        """Rows with scores."""
        return self.measures.read - self.measures.bad

    def metadata(self) -> dict[str, Any]:
        """What the manifest says."""
        return {"rows": self.measures.read, "scored_rows": self.scored, "bad_rows": self.measures.bad}
