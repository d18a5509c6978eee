"""What is asked of every next-item model, whatever it is: it learns, and goes all the way from a file to items."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.sequence_training import assert_same_outcome, create, resume, write_sequences
from tests.support.untrained_recommender import export_unverified
from tfelc.next_item.default_settings import default_settings
from tfelc.next_item.evaluation.catalog_scorer import CatalogScorer, embedding_graph
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.model_settings.sequence_model import SEQUENCE_MODELS
from tfelc.next_item.next_item_model import NextItemModel
from tfelc.next_item.run import NextItemRun
from tfelc.next_item.training.next_item_trainer import NextItemTrainer

# Small, and without what keeps a model from learning by heart; a new model has a line here.
SMALL: dict[str, tuple[str, ...]] = {
    "bpr_mf": ("model.dim=32", "model.loss.num_negatives=8", "training.samples=windows"),
    "gru4rec": ("model.dim=32", "model.dropout=0"),
    "caser": ("model.dim=32", "model.dropout=0"),
    "bert4rec": (
        "model.encoder.dim=32", "model.encoder.num_layers=1", "model.encoder.dropout=0",
        "model.encoder.attention_dropout=0", "model.mask_last=0.5", "training.samples=windows",
    ),
    "sasrec": ("model.encoder.dim=32", "model.encoder.dropout=0", "model.encoder.attention_dropout=0"),
    "dssrec": ("model.encoder.dim=32", "model.encoder.dropout=0", "model.encoder.attention_dropout=0"),
    "s3_rec": (
        "model.encoder.dim=32", "model.encoder.dropout=0", "model.encoder.attention_dropout=0",
        "model.pretraining.epochs=1",
    ),
    "cl4srec": ("model.encoder.dim=32", "model.encoder.dropout=0", "model.encoder.attention_dropout=0"),
    "iclrec": (
        "model.encoder.dim=32", "model.encoder.dropout=0", "model.encoder.attention_dropout=0",
        "model.intents.num_clusters=3", "model.intents.weight=0.02", "model.contrast.weight=0.02",
    ),
    "wearec": ("model.encoder.dim=32", "model.encoder.dropout=0"),
    "elcrec": (
        "model.encoder.dim=32", "model.encoder.dropout=0", "model.encoder.attention_dropout=0",
        "model.clusters.num_clusters=3",
    ),
}  # fmt: skip
MODELS = pytest.mark.parametrize("name", SEQUENCE_MODELS.names())
USERS, ITEMS = 50, 80


def test_every_model_is_asked() -> None:
    assert SMALL.keys() == set(SEQUENCE_MODELS.names())


@MODELS
def test_its_own_defaults_are_settings_and_give_way(name: str) -> None:
    found = default_settings("beauty", {"model": name})
    assert found.model == type(found.model).model_validate(found.model.to_dict()) and found.model.name == name
    changed = {"model": name, "model.neighbors.weight": 0.7, "model.loss": "bce", "training.epochs": 3}
    asked = default_settings("beauty", changed)
    assert (asked.model.neighbors.weight, asked.model.loss.name, asked.training.epochs) == (0.7, "bce", 3)


@pytest.fixture(scope="module")
def random_sequences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Users without anything in common, each of whom has to be learned by heart; no item twice."""
    random = np.random.default_rng(0)
    path: Path = tmp_path_factory.mktemp("data") / "random.txt"
    chosen = [random.permutation(ITEMS)[: random.integers(6, 10)] + 1 for _ in range(USERS)]
    path.write_text("".join(f"{user} {' '.join(map(str, items))}\n" for user, items in enumerate(chosen, 1)))
    return path


@MODELS
def test_it_learns_fifty_users_by_heart(name: str, tmp_path: Path, random_sequences: Path) -> None:
    settings = (f"model.name={name}", "optimizer.learning_rate=0.02", "training.batch_size=128", *SMALL[name])
    trainable = create(tmp_path / "run", random_sequences, *settings).trainable
    trainable.initialize_weights()
    model, last, hits = trainable.model, trainable.splits.train.longest(), 0.0
    graph = embedding_graph(model)
    assert len(last) == USERS
    for epoch in range(trainable.pretraining_epochs + 300):
        trainable.fit_epoch(epoch, 0, lambda step: None)
        if epoch % 10 == 9:
            ranks = full_ranking(CatalogScorer(model, graph), last, model.num_items).ranks
            hits = float(np.mean(ranks == 1))
        if hits > 0.95:
            return
    pytest.fail(f"HR@1 {hits:.2f} after {epoch + 1} epochs")


@MODELS
def test_it_goes_the_whole_way(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training, a stop in the middle that leaves no trace, recommendations, an export, a file of users, a report."""
    source = write_sequences(tmp_path / "own.txt", users=60, items=30)
    settings = (
        *(f"model.name={name}", *SMALL[name], "split.max_length=6", "training.batch_size=64", "training.epochs=2"),
        *("training.yardsticks=false", "training.checkpoint_seconds=0"),
    )
    whole = create(tmp_path / "whole", source, *settings)
    # What a kill in the second epoch, after its first step, would have left; where there is pre-training, in the first.
    calls = 1 if whole.trainable.pretraining_epochs else len(whole.trainable.batches) + 1
    leave = functools.partial(shutil.copytree, tmp_path / "whole", tmp_path / "stopped")
    monkeypatch.setattr(NextItemTrainer, "step", _before_a_call(NextItemTrainer.step, calls, leave))
    whole.train()
    whole.test()
    monkeypatch.undo()
    resumed = resume(tmp_path / "stopped")
    resumed.train()
    resumed.test()
    assert_same_outcome(tmp_path / "stopped", tmp_path / "whole")
    _assert_served(NextItemRun.open(tmp_path / "whole"), tmp_path)


def _before_a_call(step: Any, calls: int, leave: Callable[[], object]) -> Any:
    done = 0

    def counted(*arguments: Any, **named: Any) -> Any:
        nonlocal done
        if done == calls:
            leave()
        done += 1
        return step(*arguments, **named)

    return counted


def _assert_served(run: NextItemRun, folder: Path) -> None:
    from tfelc.next_item.scoring.top_k_job import TopKJob, TopKSettings

    model = NextItemModel.of_run(run)
    histories = [[3, 1, 2], [], [5], list(range(1, 15))]
    wanted = model.recommend(histories, k=5)
    assert wanted.groupby("row").size().tolist() == [5, 5, 5, 5]
    version = export_unverified(run, folder / "exports").path
    pq.write_table(pa.table({"user_id": ["a", "b", "c", "d"], "history": histories}), folder / "users.parquet")
    job = TopKSettings(model=version, inputs=(str(folder / "users.parquet"),), output=str(folder / "recs"), k=5)
    assert TopKJob(job).run().scored == 4
    found = pq.read_table(folder / "recs" / "part-00000-00000.parquet")
    np.testing.assert_allclose(np.stack(found["scores"].to_pylist()).ravel(), wanted["score"], rtol=1e-4, atol=1e-5)
    for history, items in zip(histories, found["items"].to_pylist(), strict=True):
        assert len(set(items)) == 5 and not set(items) & set(history)
    page = model.report(folder / "report.html", progress=False)
    assert run.settings.model.name in (folder / "report.html").read_text(encoding="utf-8"), page
