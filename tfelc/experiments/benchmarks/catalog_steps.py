"""The steps of a next-item model of a large catalog, from a table to one recommendation, each for a process of its own.

Each returns what its parts took, part by part; a part's peak memory is the process's until its end.
"""

import itertools
import json
import os
import statistics
import time
from pathlib import Path
from typing import Any

from tfelc.experiments.benchmarks.harness import STEPS_LEFT_OUT, Meter

Figures = dict[str, dict[str, float]]
# As it is trained, but for the table's rare items, which are kept so that the catalog is as large as it says.
SETTINGS = ("model=sasrec", "split.min_user_actions=0", "split.min_item_users=0")
_REQUESTS, _WARM = 200, 20
_K = 20
# Parts of which the tables say more than what they take.
KNN_RANKING, RANKING, EXPORT, ASKING = "item-kNN: ranking", "evaluation: ranking", "export", "200 recommendations"


def read(table: str) -> Figures:
    """Reads a table of interactions into sequences, and splits them by time."""
    from tfelc.next_item.data.chosen_protocol import chosen_protocol
    from tfelc.next_item.run import split

    with Meter() as reading:
        sequences = _sequences(table)
        assert sequences.hash
    with Meter() as splitting:
        settings = _settings(table).split.model_copy(update={"protocol": chosen_protocol(sequences, "auto")})
        split(sequences, settings)
    return {"reading the table": reading.figures(), "splitting by time": splitting.figures()}


def item_knn(table: str) -> Figures:
    """Fits item-kNN to all training actions, and ranks the users of the test split that are ranked."""
    from tfelc.metrics.summary import ranking_metrics
    from tfelc.next_item.data.evaluated_users import most_users, with_most_users
    from tfelc.next_item.data.splits import global_time
    from tfelc.next_item.evaluation.full_ranking import full_ranking
    from tfelc.next_item.models.item_knn import ItemKnn

    sequences = _sequences(table)
    splits = with_most_users(global_time(sequences), most_users("auto", sequences.num_items))
    with Meter() as fitting:
        model = ItemKnn(sequences.num_items).fit(splits.train)
    with Meter() as ranking:
        ranks = full_ranking(model, splits.test, sequences.num_items).ranks
    quality = {"ndcg@20": ranking_metrics(ranks)["ndcg@20"], "users": float(len(ranks))}
    return {"item-kNN: counting": fitting.figures(), KNN_RANKING: {**ranking.figures(), **quality}}


def train(table: str, run: str, steps: int) -> Figures:
    """Makes a run, fills its first values, and trains for some steps; those after the first 20 are measured."""
    from rich.console import Console

    from tfelc.lifecycle.training.checkpoint import save_checkpoint
    from tfelc.next_item.training.train import create_training

    sequences = _sequences(table)
    with Meter() as making:
        loop = create_training(sequences, table, _settings(table), Path(run), Console(quiet=True))
    del sequences
    trainable = loop.trainable
    with Meter() as starting:
        trainable.initialize_weights()
    batches = trainable.batches.epoch(0)
    with Meter() as first:
        trainable.trainer.step(next(batches))
    for batch in itertools.islice(batches, STEPS_LEFT_OUT):
        trainable.trainer.step(batch)
    with Meter() as training:
        for batch in itertools.islice(batches, steps):
            trainable.trainer.step(batch)
        loss = trainable.trainer.losses()["loss"]
    save_checkpoint(loop.run.best, {"model": trainable.model.variables}, {})
    whole = len(trainable.batches)
    of_hundred = {name: 100 * getattr(training, name) / steps for name in ("seconds", "cpu_seconds")}
    return {
        "making a run": making.figures(),
        "first values": starting.figures(),
        "ordering an epoch, first step": first.figures(),
        "100 training steps": {**training.figures(), **of_hundred, "loss": loss, "epoch_steps": float(whole)},
    }


def evaluate(run: str) -> Figures:
    """Measures the test split of a run."""
    from tfelc.next_item.evaluation.evaluation import evaluate as evaluated
    from tfelc.next_item.evaluation.measured import measured
    from tfelc.next_item.run import NextItemRun

    opened = NextItemRun.open(Path(run))
    with Meter() as reading:
        examples, training = measured(opened, "test")
    with Meter() as measuring:
        found, _ = evaluated(opened.model(), examples, "test", training=training)
    quality = {name: found.metrics["next_item"][name] for name in ("ndcg@20", "coverage@20")}
    return {
        "evaluation: reading": reading.figures(),
        RANKING: {**measuring.figures(), **quality, "users": float(len(examples))},
    }


def export(run: str, base: str) -> Figures:
    """Exports a run, which is verified in a process of its own."""
    from tfelc.core.json_text import json_text
    from tfelc.next_item.export.exporter import export_recommender
    from tfelc.next_item.run import NextItemRun

    with Meter() as meter:
        made = export_recommender(NextItemRun.open(Path(run)), Path(base))
    (Path(base) / "histories.json").write_text(json_text(made.histories))
    size = sum(file.stat().st_size for file in made.path.rglob("*") if file.is_file())
    graph = (made.path / "saved_model.pb").stat().st_size
    items = float(made.manifest.items)
    return {EXPORT: {**meter.figures(), "items": items, "mb": size / 2**20, "graph_mb": graph / 2**20}}


def recommend(base: str) -> Figures:
    """Loads an export and asks it for the best items of one user at a time, on one core."""
    import numpy as np

    from tfelc.lifecycle.export.session_runner import SessionRunner
    from tfelc.next_item.export.recommender_manifest import RecommenderManifest
    from tfelc.next_item.export.requests import history_input
    from tfelc.next_item.export.signatures import RECOMMEND, K

    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    version = Path(base) / "1"
    histories = json.loads((Path(base) / "histories.json").read_text())
    with Meter() as loading:
        runner = SessionRunner(version, threads=1)
    id_type = RecommenderManifest.load(version).id_type
    taken: list[float] = []
    with runner, Meter() as asking:
        for number in range(_REQUESTS):
            inputs = {**history_input([histories[number % len(histories)]], id_type), K: np.array(_K, np.int64)}
            began = time.process_time()
            runner.run(RECOMMEND, inputs)
            taken.append(1000 * (time.process_time() - began))
    taken = taken[_WARM:]
    ms = {"median_ms": statistics.median(taken), "p95_ms": statistics.quantiles(taken, n=20)[-1]}
    return {"loading the export": loading.figures(), ASKING: {**asking.figures(), **ms}}


def _settings(table: str) -> Any:
    from tfelc.next_item.default_settings import default_settings

    return default_settings(table, SETTINGS)


def _sequences(table: str) -> Any:
    from tfelc.next_item.data.sources import load_sequences

    return load_sequences(table, min_user_actions=0, min_item_users=0)
