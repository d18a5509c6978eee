"""What each epoch of a run came to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass
class TrainingHistory:
    """The epochs of a run so far, and the best of them: the content of `history.json`.

    Attributes:
        epochs: One entry an epoch: `epoch` from 1, `losses`, `health`, the result `validation` as JSON, and the rate.
        best: The best value of the watched metric, larger being better; None while no epoch has had one.
        best_epoch: Its epoch, from 1; while no epoch has had a value, the last candidate.
        seconds: What training has taken, without measuring.

    Example:
        >>> history = TrainingHistory()
        >>> [history.add({"epoch": 1}, 0.5), history.add({"epoch": 2}, 0.5), history.best_epoch]
        [True, False, 1]
    """

    epochs: list[dict[str, Any]] = field(default_factory=list)
    best: float | None = None
    best_epoch: int | None = None
    seconds: float = 0.0

    def add(self, epoch: dict[str, Any], value: float | None) -> bool:
        """Adds an epoch; returns whether its weights are the ones to keep.

        An epoch that only equals the best is not, nor is one whose value is NaN, unless none before it had a value. One
        whose value is None, as in pre-training, is no candidate.
        """
        self.epochs.append(epoch)
        if value is None:
            return False
        is_best = self.best is None or value > self.best
        if is_best:
            self.best, self.best_epoch = value if math.isfinite(value) else None, epoch["epoch"]
        return is_best

    def is_over(self, patience: int) -> bool:
        """Whether the last `patience` epochs, at least one, have been no better than the best."""
        return self.best_epoch is not None and len(self.epochs) - self.best_epoch >= max(patience, 1)

    def to_json(self) -> dict[str, Any]:
        """The history as a JSON object."""
        return {"history": self.epochs, **{name: getattr(self, name) for name in ("best", "best_epoch", "seconds")}}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Self:
        """Reads what `to_json` gave."""
        return cls(content["history"], content["best"], content["best_epoch"], content["seconds"])
