"""The runs of a comparison of next-item models on one data set."""

from pathlib import Path

from rich.console import Console

from tfelc.experiments.next_item.models import UNLEARNED
from tfelc.experiments.runs import Plans, Runs
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.evaluation.full_ranking import Scorer, full_ranking
from tfelc.next_item.evaluation.item_knn_search import choose_item_knn
from tfelc.next_item.evaluation.ranking_metrics import ranking_metrics
from tfelc.next_item.models.popularity import Popularity
from tfelc.next_item.run import SequenceRun, split
from tfelc.next_item.settings import SequenceConfig
from tfelc.next_item.training.training import SequenceTraining


class NextItemRuns(Runs[SequenceConfig, SequenceRun]):
    """The runs of every model and seed; a model without weights leaves the files that the others do.

    Args:
        plans: Model -> folder and settings of each run.
        source: The data set, by name or path.
        loaded: Its sequences.
        console: Where progress goes.
    """

    last_file = "metrics.json"

    def __init__(self, plans: Plans[SequenceConfig], source: str, loaded: Sequences, console: Console) -> None:
        super().__init__(plans, console)
        self._source = source
        self._loaded = loaded

    def is_same(self, name: str, path: Path, config: SequenceConfig) -> bool:
        """Whether data and settings are the same."""
        run = SequenceRun(path)
        if name in UNLEARNED:
            return (run.read_json(self.last_file) or {}).items() >= self._measured_on(config).items()
        return run.metadata()["data_hash"] == self._loaded.hash and run.config() == config

    def train(self, name: str, path: Path, config: SequenceConfig) -> None:
        """Trains and measures a model, or only measures one that does not learn."""
        if name in UNLEARNED:
            with self.console.status(name):
                return self._measure_unlearned(name, path, config)
        if (path / "run.json").exists():
            training = SequenceTraining.resume(path, self.console)
        else:
            training = SequenceTraining.start(path, self._loaded, self._source, config, self.console)
        training.run()
        training.test()

    def measure(self, path: Path) -> SequenceRun:
        """The run, which holds its metrics and ranks."""
        return SequenceRun(path)

    def _measure_unlearned(self, name: str, path: Path, config: SequenceConfig) -> None:
        splits, items = split(self._loaded, config.split), self._loaded.num_items
        scorer: Scorer = Popularity(items).fit(splits.train) if name == "popularity" else choose_item_knn(splits, items)
        ranks = full_ranking(scorer, splits.test, items).ranks
        path.mkdir(exist_ok=True)
        run = SequenceRun(path)
        run.write_ranks(self._loaded.users[splits.test.users], ranks)
        found = {"users": len(ranks), "metrics": ranking_metrics(ranks), "clusters": {}}
        run.write_json(self.last_file, {**self._measured_on(config), **found})

    def _measured_on(self, config: SequenceConfig) -> dict[str, str]:
        return {"data_hash": self._loaded.hash, "protocol": config.split.protocol}
