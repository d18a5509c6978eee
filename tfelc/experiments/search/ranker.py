"""Rankers whose settings are searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from tfelc.core.settings import nested
from tfelc.data.dataset import Dataset
from tfelc.experiments.search.searched import Searched
from tfelc.lifecycle.training.training_loop import TrainingLoop
from tfelc.ranker.run import RankerRun
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.training.train import check_settings, create_training, resume_training


class SearchedRanker(Searched):
    """A ranker on a prepared dataset.

    Args:
        dataset: The data.
        tasks: The tasks.
        config: A file of settings; None for the defaults.
        overrides: Settings over it, as `key=value`.

    Raises:
        ConfigError: A setting is unknown or out of range.
    """

    def __init__(self, dataset: Dataset, tasks: Sequence[str], config: Path | None, overrides: Sequence[str]) -> None:
        RankerSettings.load(config, overrides)
        self.title = f"Search of a ranker: {', '.join(tasks)}"
        self.identity = {"kind": RankerRun.kind, "tasks": list(tasks), "data_hash": dataset.hash}
        self._dataset = dataset
        self._tasks = tasks
        self._config = config
        self._overrides = nested(overrides)

    def settings(self, values: Mapping[str, Any]) -> RankerSettings:
        """See `Searched.settings`."""
        return RankerSettings.load(self._config, {**self._overrides, **values})

    def check(self, settings: RankerSettings) -> None:
        """See `Searched.check`."""
        check_settings(self._dataset.schema, self._tasks, settings)

    def training(self, settings: RankerSettings, path: Path) -> TrainingLoop[Any]:
        """See `Searched.training`."""
        console = Console(quiet=True)
        if (path / "run.json").exists():
            return resume_training(RankerRun.open(path), console, self._dataset)
        return create_training(self._dataset, self._tasks, settings, path, console)
