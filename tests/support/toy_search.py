"""A kind of model whose trainings take no time, to see what a search does with any."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.support.toy_training import Counter, ToySettings, toy_loop
from tfelc.experiments.search.search import Search
from tfelc.experiments.search.searched import Searched
from tfelc.experiments.search.shared_study import SharedStudy
from tfelc.experiments.search.space import SearchSpace
from tfelc.experiments.search.tried_settings import TriedSettings

# A number that nothing else of the toy depends on, and a whole one.
X, WHOLE = "training.checkpoint_seconds", "training.batch_size"


def growing(settings: Any) -> list[float]:
    """The AUC of each epoch: best where X is 3, and growing by a hundredth."""
    top = 0.9 - abs(settings.training.checkpoint_seconds - 3) / 100
    return [top - 0.03, top - 0.02, top - 0.01, top]


class ToySearched(Searched):
    """Trains counters whose AUCs are told to them by their settings."""

    title = "Search of a toy"
    identity = {"kind": "toy", "data_hash": "0" * 64}
    measured_by = ("training.deterministic",)

    def __init__(
        self,
        aucs: Callable[[Any], Sequence[float]] = growing,
        counter: Callable[[Sequence[float]], Counter] = Counter,
    ) -> None:
        self.aucs, self.counter = aucs, counter

    def settings(self, values: Mapping[str, Any]) -> ToySettings:
        return ToySettings.load(ToySettings().to_dict(), values)

    def check(self, settings: ToySettings) -> None:
        pass

    def training(self, settings: ToySettings, path: Path) -> Any:
        told = dict(settings.training)
        stopping = told.pop("early_stopping")
        counter = self.counter(self.aucs(settings))
        return toy_loop(path, counter, metric=stopping.metric, patience=stopping.patience, **told)


def toy_search(
    folder: Path,
    trials: int,
    searched: ToySearched | None = None,
    settings: Mapping[str, Any] | None = None,
    console: Console | None = None,
    **space: Any,
) -> tuple[SharedStudy, TriedSettings]:
    """Searches, and returns the study with the settings of its trials.

    Args:
        folder: The folder of the search.
        trials: Trials in all.
        searched: What is searched. Defaults to a toy that does best where X is 3.
        settings: What is tried. Defaults to X from 0 to 10.
        console: Where progress goes. Defaults to None: nowhere.
        space: The rest of the space.
    """
    searched = searched or ToySearched()
    read = SearchSpace.model_validate({"settings": settings or {X: {"low": 0, "high": 10}}, **space})
    tried = TriedSettings(read, Path("space.yaml"), searched)
    identity = {**searched.identity, "settings": tried.shared, "space": read.to_dict()}
    study = SharedStudy(folder, identity, read.seed, read.warmup_epochs)
    Search(study, tried, searched, console or Console(quiet=True)).run(trials)
    return study, tried
