"""The settings of trials."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import optuna

from tfelc.core.errors import ConfigError
from tfelc.experiments.search.searched import Searched
from tfelc.experiments.search.space import SearchSpace

METRIC, SEED = "training.early_stopping.metric", "training.seed"


class TriedSettings:
    """The settings that are searched, over those that all trials share.

    Every value of a list and both ends of a range are tried on the settings here, with the first ones of the others.

    Args:
        space: What is searched.
        where: Its file, for messages.
        searched: The kind of model.

    Attributes:
        space: What is searched.
        shared: The settings that all trials share, as JSON.

    Raises:
        ConfigError: A setting is unknown, a value is not allowed, or a setting must not differ between trials.
        UsageError: The settings cannot be trained on the data.
    """

    def __init__(self, space: SearchSpace, where: Path, searched: Searched) -> None:
        self.space = space
        self._where = where
        self._searched = searched
        self._fixed = {METRIC: space.metric} if space.metric is not None else {}
        self._refuse_what_all_share()
        self.shared: dict[str, Any] = self._checked({}).to_dict()
        first = {name: dimension.ends[0] for name, dimension in space.settings.items()}
        for name, dimension in space.settings.items():
            for value in dimension.ends:
                self._checked({**first, name: value})
        # A setting that refuses a number between takes whole ones alone.
        self._whole = frozenset(
            name
            for name, dimension in space.settings.items()
            if dimension.between is not None and not self._is_allowed({**first, name: dimension.between})
        )
        searched.check(self.settings(first))

    def draw(self, trial: optuna.Trial) -> dict[str, Any]:
        """The values of a trial by the names of the settings: drawn, or those that it has already."""
        return {
            name: dimension.draw(trial, name, name in self._whole) for name, dimension in self.space.settings.items()
        }

    def read(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The values that stand for what Optuna keeps of a trial."""
        return {name: dimension.read(params[name]) for name, dimension in self.space.settings.items() if name in params}

    def settings(self, values: Mapping[str, Any]) -> Any:
        """The settings of a trial.

        Args:
            values: Those that are searched.

        Raises:
            ConfigError: The values contradict each other.
        """
        return self._searched.settings({**self._fixed, **values})

    def of_seed(self, settings: Any, number: int) -> Any:
        """The settings of a trial's run, by the number of its seed from 0."""
        training = settings.training
        return settings.model_copy(
            update={"training": training.model_copy(update={"seed": (training.seed + number) % 2**32})}
        )

    def _refuse_what_all_share(self) -> None:
        reasons = {
            METRIC: "trials are compared by it; set it for all by `metric`",
            SEED: "the best of several seeds is no better setting; let each trial have several by `seeds`",
            **dict.fromkeys(self._searched.measured_by, "it decides what is measured; set it for all trials"),
        }
        for name in self.space.settings:
            for taken, reason in reasons.items():
                # A group holds it too.
                if f"{taken}.".startswith(f"{name}."):
                    raise ConfigError(f"{self._where}: `{name}` cannot be searched: {reason}")

    def _checked(self, values: Mapping[str, Any]) -> Any:
        try:
            return self.settings(values)
        except ConfigError as error:
            raise ConfigError(f"{self._where}: {str(error).removeprefix('settings: ')}") from None

    def _is_allowed(self, values: Mapping[str, Any]) -> bool:
        try:
            self.settings(values)
        except ConfigError:
            return False
        return True
