"""The runs of B on the data of one degree of freshness."""

import dataclasses
from pathlib import Path
from typing import Any

from tfelc.experiments.freshness.figures import figures
from tfelc.experiments.ranker.runs import Measured, RankerRuns
from tfelc.ranker.evaluation.predictions import Predictor
from tfelc.ranker.run import RankerRun


@dataclasses.dataclass(frozen=True)
class Fresh(Measured):
    """One trained ranker on the test split, with its GAUC by user and by day.

    Attributes:
        figures: What `figures` says of it.
    """

    figures: dict[str, Any]


class FreshnessRuns(RankerRuns):
    """As those of a comparison of rankers, but measured within users and days too."""

    def measure(self, path: Path) -> Fresh:
        """Measures the best weights on the test split."""
        found = super().measure(path)
        model = RankerRun.open(path).model()
        parts = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
        own = figures(self._dataset, lambda rows: Predictor(model, rows).predict("test"))
        return Fresh(**parts, figures=own)
