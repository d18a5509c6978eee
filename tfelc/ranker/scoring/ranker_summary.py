"""What a job with a ranker has done: rows, quantiles of the scores, drift."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tfelc.lifecycle.scoring.summary import Summary
from tfelc.ranker.scoring.exported_ranker import ExportedRanker

QUANTILES = (0.01, 0.1, 0.5, 0.9, 0.99)
# A population stability index above it calls for a look.
DRIFT_WARNING = 0.2


@dataclass
class RankerSummary(Summary):
    """The result of a job, or of one shard of it.

    Attributes:
        ranker: The model.
        ranked: Rows of the ranking, None without one.
        endless: Rows whose score by the formula is no finite number; they come last.
    """

    ranker: ExportedRanker
    ranked: int | None = None
    endless: int = 0

    def quantiles(self, output: str) -> list[float]:
        """The output's `QUANTILES`."""
        return [self.measures.quantile(output, share) for share in QUANTILES]

    @cached_property
    def drift(self) -> dict[str, dict[str, float]] | None:
        """Population stability index by `features` and `outputs`; None where the export has no statistics."""
        reference = self.ranker.manifest.reference
        if reference is None or not self.scored:
            return None
        return self.measures.stability(reference.expected())

    def metadata(self) -> dict[str, Any]:
        """What the manifest says."""
        return {
            **super().metadata(),
            "ranked_rows": self.ranked,
            "rows_without_score": self.endless,
            "scores": {
                output: dict(zip(map(str, QUANTILES), self.quantiles(output), strict=True))
                for output in self.ranker.probabilities
            },
            "drift": self.drift,
        }
