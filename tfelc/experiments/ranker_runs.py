"""The runs of a comparison of rankers: trained, or taken up where they were left."""

import dataclasses
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
from rich.console import Console

from tfelc.core.errors import RunError
from tfelc.data.dataset import Dataset
from tfelc.experiments.ranker_variants import with_seed
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.ranker.evaluation.evaluation import evaluate
from tfelc.ranker.evaluation.predictions import Predictions, Predictor
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.run import RankerRun
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.training.train import create_training, resume_training
from tfelc.schema.task_chain import select_tasks

# Beside the run's own files, once it is trained.
_TIME = "benchmark.json"


@dataclasses.dataclass(frozen=True)
class Measured:
    """One trained ranker on the test split.

    Attributes:
        predictions: What it answers; without the embeddings, which nothing after `result` reads.
        result: The result of `evaluate`.
        seconds: Wall time of the training, or None where it was interrupted.
    """

    predictions: Predictions
    result: EvaluationResult
    seconds: float | None


class RankerRuns:
    """The runs of every variant and seed.

    Args:
        dataset: What to train and measure on.
        heads: The tasks.
        configs: Variant -> its settings.
        folder: Where the runs are kept, one folder each; None keeps none.
        console: Where progress goes.
    """

    def __init__(
        self,
        dataset: Dataset,
        heads: list[str],
        configs: Mapping[str, RankerSettings],
        folder: Path | None,
        console: Console,
    ) -> None:
        self._dataset = dataset
        self._heads = heads
        self._configs = configs
        self._folder = folder
        self._console = console

    def check(self, seeds: int) -> None:
        """Refuses what would fail only after hours.

        Raises:
            UsageError: The settings or tasks do not fit the dataset.
            RunError: A kept run is of other settings, tasks or data.
        """
        for name, config in self._configs.items():
            select_tasks(self._dataset.schema, self._heads, config.tasks)
            RankingModel.check(self._dataset.schema, config)
            for seed in range(seeds):
                if self._folder is not None and _begun(path := self._path(self._folder, name, seed)):
                    self._refuse_other(RankerRun(path), with_seed(config, seed))

    def measure(self, name: str, seed: int) -> Measured:
        """Trains one ranker, unless it is kept, and measures it on the test split."""
        folder: AbstractContextManager[Any] = nullcontext(self._folder) if self._folder else TemporaryDirectory()
        with folder as parent:
            path = self._path(Path(parent), name, seed)
            self._console.print(f"[bold]{name}[/bold], seed {seed}")
            model, seconds = self._trained(path, with_seed(self._configs[name], seed))
            predictions = Predictor(model, self._dataset).predict("test")
        result = evaluate(predictions, "test")
        keras.backend.clear_session()
        return Measured(dataclasses.replace(predictions, embedding=None), result, seconds)

    def _trained(self, path: Path, config: RankerSettings) -> tuple[RankingModel, float | None]:
        run = RankerRun(path)
        if _begun(path):
            # As after an interruption: a run that has come to its end returns its best weights at once.
            loop = resume_training(run, self._console, self._dataset)
            return loop.train().model, (run.read_json(_TIME) or {}).get("seconds")
        started = time.perf_counter()
        model = create_training(self._dataset, self._heads, config, path, self._console).train().model
        seconds = time.perf_counter() - started
        run.write_json(_TIME, {"seconds": seconds})
        return model, seconds

    def _refuse_other(self, run: RankerRun, config: RankerSettings) -> None:
        metadata = run.metadata
        wanted = {
            "data_hash": self._dataset.hash,
            "schema_hash": self._dataset.schema.hash(),
            "tasks": self._heads,
        }
        if any(metadata.get(key) != value for key, value in wanted.items()) or run.settings != config:
            raise RunError(
                f"{run.path}: was made with other settings, tasks or data than are asked for; name another --runs"
            )

    @staticmethod
    def _path(folder: Path, name: str, seed: int) -> Path:
        return folder / f"{name}-{seed}"


def _begun(path: Path) -> bool:
    return (path / "run.json").exists()
