"""What a search asks of a kind of model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfelc.lifecycle.training.training_loop import TrainingLoop


class Searched(ABC):
    """A kind of model on its data, whose settings are searched.

    Attributes:
        title: What is searched, in words.
        identity: What tells this search from others, as JSON: the kind, the data and its hash.
        measured_by: Settings that decide what is measured, and are alike for all trials.
    """

    title: str
    identity: Mapping[str, Any]
    measured_by: tuple[str, ...] = ()

    @abstractmethod
    def settings(self, values: Mapping[str, Any]) -> Any:
        """The settings of a run.

        Args:
            values: Dotted name -> value of those that differ from what all trials share.

        Raises:
            ConfigError: One is unknown, or its value is not allowed.
        """

    @abstractmethod
    def check(self, settings: Any) -> None:
        """Raises UsageError where these settings cannot be trained on the data, as far as that can be told at once."""

    @abstractmethod
    def training(self, settings: Any, path: Path) -> TrainingLoop[Any]:
        """A new training, or that of the folder, which goes on from where it was stopped."""
