"""The runs of a comparison of next-item models on one data set."""

from pathlib import Path

from rich.console import Console

from tfelc.experiments.next_item.models import REFITTED, UNLEARNED
from tfelc.experiments.runs import Plans, Runs
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.metrics.summary import ranking_metrics
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.data.splits import SequenceSplits
from tfelc.next_item.evaluation.ease_search import choose_ease_regularization
from tfelc.next_item.evaluation.full_ranking import Scorer, full_ranking
from tfelc.next_item.evaluation.item_knn_search import choose_item_knn
from tfelc.next_item.fitted_to_catalog import fitted_to_catalog
from tfelc.next_item.models.ease import Ease
from tfelc.next_item.models.popularity import Popularity
from tfelc.next_item.run import NextItemRun, split
from tfelc.next_item.settings import NEXT_ITEM, NextItemSettings
from tfelc.next_item.training.train import create_training, resume_training


class NextItemRuns(Runs[NextItemSettings, NextItemRun]):
    """The runs of every model and seed; a model without weights leaves the files that the others do.

    Args:
        plans: Model -> folder and settings of each run.
        source: The data set, by name or path.
        loaded: Its sequences.
        console: Where progress goes.
    """

    last_file = "metrics.json"

    def __init__(self, plans: Plans[NextItemSettings], source: str, loaded: Sequences, console: Console) -> None:
        super().__init__(plans, console)
        self._source = source
        self._loaded = loaded
        # Chosen by the first of the models that need it: all have the same splits.
        self._ease_regularization: float | None = None

    def is_same(self, name: str, path: Path, settings: NextItemSettings) -> bool:
        """Whether data and settings are the same."""
        run = NextItemRun(path)
        if name in UNLEARNED:
            return (run.read_json(self.last_file) or {}).items() >= self._measured_on(settings).items()
        asked = fitted_to_catalog(settings, self._loaded, lambda line: None)
        return run.metadata["data_hash"] == self._loaded.hash and run.settings == asked

    def train(self, name: str, path: Path, settings: NextItemSettings) -> None:
        """Trains and measures a model, or only measures one that does not learn."""
        if name in UNLEARNED:
            with self.console.status(name):
                return self._measure_unlearned(name, path, settings)
        if (path / "run.json").exists():
            loop = resume_training(NextItemRun.open(path), self.console)
        else:
            loop = create_training(self._loaded, self._source, settings, path, self.console)
        loop.train()
        loop.test()

    def measure(self, path: Path) -> NextItemRun:
        """The run, which holds its metrics and ranks."""
        return NextItemRun(path)

    def _measure_unlearned(self, name: str, path: Path, settings: NextItemSettings) -> None:
        splits, items = split(self._loaded, settings.split), self._loaded.num_items
        ranks = full_ranking(self._fitted(name, splits, items), splits.test, items, not settings.repeats).ranks
        path.mkdir(exist_ok=True)
        run = NextItemRun(path)
        run.write_ranks(self._loaded.users[splits.test.users], ranks)
        result = EvaluationResult("test", "users", len(ranks), {NEXT_ITEM: ranking_metrics(ranks)})
        run.write_json(self.last_file, {**self._measured_on(settings), **result.to_json()})

    def _fitted(self, name: str, splits: SequenceSplits, items: int) -> Scorer:
        if name == "popularity":
            return Popularity(items).fit(splits.train)
        if name == "item_knn":
            return choose_item_knn(splits, items)
        if self._ease_regularization is None:
            self._ease_regularization = choose_ease_regularization(splits, items)
        fitted_to = splits.train.joined(splits.validation) if name in REFITTED else splits.train
        return Ease(items, self._ease_regularization).fit(fitted_to)

    def _measured_on(self, settings: NextItemSettings) -> dict[str, str]:
        return {"data_hash": self._loaded.hash, "protocol": settings.split.protocol}
