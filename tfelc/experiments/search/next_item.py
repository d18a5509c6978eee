"""Next-item models whose settings are searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from tfelc.core.settings import nested
from tfelc.experiments.search.searched import Searched
from tfelc.lifecycle.training.early_stopping import WatchedMetric
from tfelc.lifecycle.training.training_loop import TrainingLoop
from tfelc.metrics.registries import RANKING_METRICS
from tfelc.next_item.data.sources import load_sequences
from tfelc.next_item.default_settings import chosen_settings
from tfelc.next_item.run import NextItemRun, split
from tfelc.next_item.settings import NEXT_ITEM, NextItemSettings
from tfelc.next_item.training.train import create_training, resume_training


class SearchedNextItemModel(Searched):
    """A next-item model on sequences.

    Args:
        source: The name of a data set, or what names files.
        csv_delimiter: What separates the columns of CSV files; None for what is usual.
        config: A file of settings; None for those of the data set, `paper` for those of the paper.
        overrides: Settings over it, as `key=value`.
        console: Where it is said what is loaded.

    Raises:
        ConfigError: A setting is unknown or out of range.
        DataError: The data cannot be read.
    """

    measured_by = (
        "split.protocol",
        "split.min_user_actions",
        "split.min_item_users",
        "split.evaluated_users",
        "repeats",
    )

    def __init__(
        self, source: str, csv_delimiter: str | None, config: Path | None, overrides: Sequence[str], console: Console
    ) -> None:
        limits = chosen_settings(source, config, overrides).split

        def told(words: str) -> None:
            console.print(words, highlight=False, soft_wrap=True)

        self._sequences = load_sequences(source, told, limits.min_user_actions, limits.min_item_users, csv_delimiter)
        self.title = f"Search of a next-item model: {self._sequences.name}"
        self.identity = {"kind": NEXT_ITEM, "data_hash": self._sequences.hash}
        self._source = source
        self._csv_delimiter = csv_delimiter
        self._config = config
        self._overrides = nested(overrides)

    def settings(self, values: Mapping[str, Any]) -> NextItemSettings:
        """See `Searched.settings`."""
        return chosen_settings(self._source, self._config, {**self._overrides, **values})

    def check(self, settings: NextItemSettings) -> None:
        """See `Searched.check`."""
        WatchedMetric.of(settings.training.early_stopping.metric, [NEXT_ITEM], RANKING_METRICS)
        split(self._sequences, settings.split)

    def training(self, settings: NextItemSettings, path: Path) -> TrainingLoop[Any]:
        """See `Searched.training`."""
        console = Console(quiet=True)
        if (path / "run.json").exists():
            return resume_training(NextItemRun.open(path), console, self._source)
        return create_training(
            self._sequences, self._source, settings, path, console, csv_delimiter=self._csv_delimiter
        )
