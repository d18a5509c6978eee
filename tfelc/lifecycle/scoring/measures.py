"""What is counted while scoring: rows, score histograms, and the bins that drift is measured in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tfelc.metrics.population_stability_index import population_stability_index

Array = NDArray[Any]
# A float32 by its upper 16 bits: bins of 0.4 to 0.8 % in width, from the smallest scores to the largest. Those of the
# positive come first, by size, and then those of the negative, by size too.
_SHIFT = 16
_SCORE_BINS = 1 << 16
_NEGATIVE = 1 << 15
# The bin of 1, the largest of a probability.
_ONE = int(np.float32(1).view(np.uint32)) >> _SHIFT
_ASCENDING = np.r_[np.arange(_SCORE_BINS - 1, _NEGATIVE - 1, -1), np.arange(_NEGATIVE)]


@dataclass
class Measures:
    """Counts that add up over batches, parts and shards.

    Attributes:
        read: Rows read.
        bad: Rows set aside.
        histograms: Probability or quantity -> counts by the upper bits of the float.
        drift: `features` and `outputs` -> name -> counts of a sample of the rows, in the reference's bins.
    """

    read: int = 0
    bad: int = 0
    histograms: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    drift: dict[str, dict[str, NDArray[np.int64]]] = field(default_factory=dict)

    def add(self, other: Measures) -> None:
        """Adds another's counts to its own."""
        self.read += other.read
        self.bad += other.bad
        for name, counts in other.histograms.items():
            self.histograms[name] = self.histograms.get(name, 0) + counts
        for kind, named in other.drift.items():
            mine = self.drift.setdefault(kind, {})
            for name, counts in named.items():
                mine[name] = mine.get(name, 0) + counts

    def add_scores(self, scores: Mapping[str, Array]) -> None:
        """Counts probabilities and quantities."""
        for name, values in scores.items():
            bins = values.astype(np.float32, copy=False).view(np.uint32) >> _SHIFT
            counts = np.bincount(bins, minlength=_SCORE_BINS)
            self.histograms[name] = self.histograms.get(name, 0) + counts

    def quantile(self, output: str, share: float) -> float:
        """A quantile of an output, right to 0.4 %; NaN without rows."""
        counts = self.histograms.get(output)
        if counts is None or not counts.sum():
            return float("nan")
        found = np.searchsorted(np.cumsum(counts[_ASCENDING]), share * counts.sum(), side="left")
        place = int(_ASCENDING[min(int(found), _SCORE_BINS - 1)])
        if place in (0, _NEGATIVE, _ONE):
            return float(place == _ONE)
        low, high = (float(np.uint32(each << _SHIFT).view(np.float32)) for each in (place, place + 1))
        return (low + high) / 2

    def stability(self, expected: Mapping[str, Mapping[str, list[int]]]) -> dict[str, dict[str, float]]:
        """Population stability index of each feature and output, against counts in the same bins."""
        return {
            kind: {
                name: population_stability_index(counts, self.drift[kind][name])
                for name, counts in named.items()
                if name in self.drift.get(kind, {})
            }
            for kind, named in expected.items()
        }

    def dump(self) -> str:
        """The counts as JSON, empty bins left out."""
        return json.dumps(
            {
                "read": self.read,
                "bad": self.bad,
                "histograms": {name: _sparse(counts) for name, counts in self.histograms.items()},
                "drift": {
                    kind: {name: counts.tolist() for name, counts in named.items()}
                    for kind, named in self.drift.items()
                },
            },
            sort_keys=True,
        )

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """Reads what `dump` wrote."""
        content = json.loads(text)
        return cls(
            read=content["read"],
            bad=content["bad"],
            histograms={name: _dense(pairs) for name, pairs in content["histograms"].items()},
            drift={
                kind: {name: np.asarray(counts, np.int64) for name, counts in named.items()}
                for kind, named in content["drift"].items()
            },
        )


def _sparse(counts: NDArray[np.int64]) -> list[list[int]]:
    places = np.flatnonzero(counts)
    return [places.tolist(), counts[places].tolist()]


def _dense(pairs: list[list[int]]) -> NDArray[np.int64]:
    counts = np.zeros(_SCORE_BINS, np.int64)
    counts[pairs[0]] = pairs[1]
    return counts
