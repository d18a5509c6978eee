"""The runs of a comparison of rankers."""

import dataclasses
from pathlib import Path

from rich.console import Console

from tfelc.data.dataset import Dataset
from tfelc.experiments.runs import Plans, Runs
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.ranker.evaluation.evaluation import evaluate
from tfelc.ranker.evaluation.predictions import Predictions, Predictor
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.run import RankerRun
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.training.fitted_to_roles import fitted_to_roles
from tfelc.ranker.training.table_defaults import resolved_settings
from tfelc.ranker.training.train import create_training, resume_training
from tfelc.schema.task_chain import select_tasks


@dataclasses.dataclass(frozen=True)
class Measured:
    """One trained ranker on the test split.

    Attributes:
        predictions: What it answers; without the embeddings, which nothing after `result` reads.
        result: The result of `evaluate`.
        seconds: What its training took, or None where an earlier version was interrupted.
    """

    predictions: Predictions
    result: EvaluationResult
    seconds: float | None


class RankerRuns(Runs[RankerSettings, Measured]):
    """The runs of every variant and seed.

    Args:
        plans: Variant -> folder and settings of each run.
        dataset: What to train and measure on.
        tasks: The tasks.
        console: Where progress goes.
    """

    last_file = "benchmark.json"
    identity = "settings, tasks or data"

    def __init__(self, plans: Plans[RankerSettings], dataset: Dataset, tasks: list[str], console: Console) -> None:

        def resolved(settings: RankerSettings) -> RankerSettings:
            """What a training would make of them, so that a kept run is known again."""
            fitted, _ = fitted_to_roles(settings, dataset.schema)
            return resolved_settings(fitted, dataset.rows("train"), dataset.schema)[0]

        super().__init__({name: [(path, resolved(one)) for path, one in plan] for name, plan in plans.items()}, console)
        self._dataset = dataset
        self._tasks = tasks

    def check(self) -> None:
        """Refuses what would fail only after hours.

        Raises:
            UsageError: The settings or tasks do not fit the dataset.
            RunError: A kept run is of other settings, tasks or data.
        """
        for (_, settings), *_ in self.plans.values():
            select_tasks(self._dataset.schema, self._tasks, settings.tasks)
            RankingModel.check(self._dataset.schema, settings)
        super().check()

    def is_same(self, name: str, path: Path, settings: RankerSettings) -> bool:
        """Whether data, schema, tasks and settings are the same."""
        run = RankerRun.open(path)
        made_of = run.metadata["data_hash"], run.schema, run.metadata["tasks"], run.settings
        return made_of == (self._dataset.hash, self._dataset.schema, self._tasks, settings)

    def train(self, name: str, path: Path, settings: RankerSettings) -> None:
        """Trains, and notes how long it took."""
        if (path / "run.json").exists():
            loop = resume_training(RankerRun.open(path), self.console, self._dataset)
        else:
            loop = create_training(self._dataset, self._tasks, settings, path, self.console)
        loop.train()
        loop.run.write_json(self.last_file, {"seconds": loop.history.seconds})

    def measure(self, path: Path) -> Measured:
        """Measures the best weights on the test split."""
        run = RankerRun.open(path)
        predictions = Predictor(run.model(), self._dataset).predict("test")
        seconds = (run.read_json(self.last_file) or {}).get("seconds")
        return Measured(dataclasses.replace(predictions, embedding=None), evaluate(predictions, "test"), seconds)
