"""The runs of B on the data of one degree of freshness."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from tfelc.data.dataset import Dataset
from tfelc.experiments.freshness.datasets import TRAINED_ON
from tfelc.experiments.freshness.figures import figures
from tfelc.experiments.ranker.runs import Measured, RankerRuns
from tfelc.experiments.ranker.variants import with_seed
from tfelc.experiments.runs import Plans
from tfelc.ranker.evaluation.evaluation import evaluate
from tfelc.ranker.evaluation.predictions import Predictor
from tfelc.ranker.run import RankerRun
from tfelc.ranker.settings import RankerSettings


@dataclasses.dataclass(frozen=True)
class Fresh(Measured):
    """One trained ranker on the test split, with its GAUC by user and by day.

    Attributes:
        figures: What `figures` says of it.
    """

    figures: dict[str, Any]


class FreshnessRuns(RankerRuns):
    """As those of a comparison of rankers, but judged on data of their own, within users and days too.

    Args:
        plans: Degree -> folder and settings of each run.
        dataset: What to train on.
        judged_on: What to measure on.
        tasks: The tasks.
        console: Where progress goes.
    """

    def __init__(
        self, plans: Plans[RankerSettings], dataset: Dataset, judged_on: Dataset, tasks: list[str], console: Console
    ) -> None:
        super().__init__(plans, dataset, tasks, console)
        self._judged_on = judged_on

    def measure(self, path: Path) -> Fresh:
        """Measures the best weights on the test split."""
        run = RankerRun.open(path)
        model = run.model()
        predictions = Predictor(model, self._judged_on).predict("test")
        own = figures(self._judged_on, predictions, lambda rows: Predictor(model, rows).predict("test"))
        seconds = (run.read_json(self.last_file) or {}).get("seconds")
        result = evaluate(predictions, "test", by_group=False)
        return Fresh(dataclasses.replace(predictions, embedding=None), result, seconds, own)


def measured(
    datasets: Mapping[str, Dataset],
    settings: RankerSettings,
    seeds: int,
    folder: Path,
    tasks: list[str],
    console: Console,
) -> dict[str, list[Fresh]]:
    """Degree -> its rankers, seed by seed; what is in the folder is not trained again.

    Args:
        datasets: Degree -> its data.
        settings: Settings of all.
        seeds: How many of each.
        folder: Where the runs lie.
        tasks: The tasks.
        console: Where progress goes.

    Raises:
        RunError: The folder holds other runs.
    """
    found: dict[str, list[Any]] = {}
    for name, dataset in datasets.items():
        source = TRAINED_ON[name]
        plan = [(folder / f"{source}-{seed}", with_seed(settings, seed)) for seed in range(seeds)]
        runs = FreshnessRuns({name: plan}, datasets[source], dataset, tasks, console)
        runs.check()
        found |= runs.run()
    return found
