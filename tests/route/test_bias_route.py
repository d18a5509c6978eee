"""A log whose clicks depend on the place on the page: learned in training, and the same for all rows in serving."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from sklearn.metrics import roc_auc_score

from tests.support.training import create
from tfelc.core.errors import SchemaError
from tfelc.data.dataset import Dataset
from tfelc.data.log_preparation import prepare
from tfelc.lifecycle.export import publish
from tfelc.lifecycle.export.session_runner import SessionRunner
from tfelc.lifecycle.export.verify import compare
from tfelc.ranker.evaluation.predictions import Predictor
from tfelc.ranker.export.exporter import export
from tfelc.ranker.run import RankerRun
from tfelc.ranker.scoring.exported_ranker import ExportedRanker
from tfelc.ranker.training.train import create_training
from tfelc.schema.schema import Schema

SETTINGS = (
    "training.epochs=6",
    "training.batch_size=128",
    "training.balance.name=fixed",
    "optimizer.average=0",
    "optimizer.learning_rate=0.02",
    "optimizer.tables_learning_rate=0.02",
    "model.linear=true",
    "model.clusters.num_clusters=0",
    "model.embedding_dropout=0",
    "model.architecture={name: shared_bottom, units: [8]}",
)
CONTENT = {
    "name": "shown",
    "split": {"by": "row", "validation": 0.2, "test": 0.2},
    "tasks": {"ctr": {"label": "click"}},
    "columns": {
        "click": {"kind": "label"},
        "quality": {"kind": "number", "role": "item"},
        "item": {"kind": "category", "role": "item"},
        "visits": {"kind": "number", "role": "activity"},
        "place": {"kind": "category", "role": "bias", "default": "1"},
        "screens": {"kind": "number", "role": "bias", "default": 0},
    },
}


def shown_log(rows: int = 8_000) -> tuple[pd.DataFrame, Any]:
    """The log, and the logit of each row were it at the top: good items stand there, as a ranker had put them."""
    random = np.random.default_rng(0)
    items = random.integers(0, 40, rows)
    visits = random.normal(size=rows)
    of_items = np.random.default_rng(1).normal(size=40) * 1.2
    # What the ranker of before thought of an item has little to do with what it is.
    liked_before = np.random.default_rng(2).normal(size=40)[items] + random.normal(size=rows)
    places = np.digitize(-liked_before, [-1, 0, 1]) + 1
    relevance = of_items[items] + 0.3 * visits
    screens = random.integers(0, 2, rows)
    chance = 1 / (1 + np.exp(-(relevance - (places - 1) - screens)))
    frame = {
        "click": (random.random(rows) < chance).astype(int),
        "quality": random.normal(size=rows),
        "item": [f"i{item}" for item in items],
        "visits": visits,
        "place": places.astype(str),
        "screens": screens,
    }
    return pd.DataFrame(frame), relevance


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shown")


@pytest.fixture(scope="module")
def dataset(folder: Path) -> Dataset:
    prepare(Schema.load(CONTENT), shown_log()[0], folder / "data")
    return Dataset(folder / "data")


@pytest.fixture(scope="module")
def run(dataset: Dataset, folder: Path) -> RankerRun:
    create(dataset, folder / "run", *SETTINGS, tasks=("ctr",)).train()
    return RankerRun.open(folder / "run")


def _predicted(run: RankerRun, frame: pd.DataFrame) -> Any:
    import tfelc

    return tfelc.load(run.path).predict(frame)["ctr"].to_numpy()


def test_what_is_served_is_of_the_top_of_the_page(run: RankerRun, folder: Path) -> None:
    log, relevance = shown_log()
    predicted = _predicted(run, log.drop(columns=["place", "screens"]))
    # The place of a row, or that it is not known, makes no difference.
    np.testing.assert_array_equal(predicted, _predicted(run, log))
    np.testing.assert_array_equal(predicted, _predicted(run, log.assign(place="4")))
    logits = np.log(predicted / (1 - predicted))
    assert np.mean(logits - relevance) == pytest.approx(0, abs=0.25)
    # Without the columns an item that stood low passes for a bad one.
    content = {**CONTENT, "columns": {k: v for k, v in CONTENT["columns"].items() if k not in ("place", "screens")}}
    prepare(Schema.load(content), log, folder / "without")
    create(Dataset(folder / "without"), folder / "run_without", *SETTINGS, tasks=("ctr",)).train()
    blind = _predicted(RankerRun.open(folder / "run_without"), log)
    liked = relevance > 0
    found = [roc_auc_score(liked, each) for each in (predicted, blind)]
    print(f"AUC of relevance: {found[0]:.3f} with the columns, {found[1]:.3f} without")
    assert found[0] > found[1] + 0.02
    assert set(run.model().lookup.specs()) == {"activity_numbers", "item_numbers", "item_ids_4"}


def test_no_signature_takes_it(run: RankerRun, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def verify(version: Path, requests: Any) -> Any:
        with SessionRunner(version) as runner:
            return compare(runner, requests)

    monkeypatch.setattr(publish, "verify", verify)
    exported = export(run, folder / "base")
    assert max(exported.differences["rank"].values()) < 1e-5
    for signature in exported.manifest.signatures.values():
        assert not {"place", "screens"} & set(signature["inputs"])
    log = shown_log()[0].head(50)
    scored = ExportedRanker(exported.path).predict(log.drop(columns=["place", "screens", "click"]))["ctr"]
    np.testing.assert_allclose(scored, _predicted(run, log), rtol=1e-5)


def test_the_tower_is_added_for_rows_as_they_were_shown(run: RankerRun, dataset: Dataset) -> None:
    model = run.model()
    rows = next(dataset.tables("train", list(model.schema.trained_on))).slice(0, 500)
    place, screens = (np.array(rows[name].to_pylist()) for name in ("place", "screens"))
    shown, served = (model.lookup.encode(rows, biases=flag) for flag in (True, False))
    encoder, tower = model.ranker.encoder, model.ranker.network.bias_tower
    added, at_default = (tower(encoder(inputs)["bias"]).numpy()[:, 0] for inputs in (shown, served))
    assert at_default.shape == (1,)
    np.testing.assert_allclose(added[(place == "1") & (screens == 0)], at_default[0], atol=1e-6)
    logits = [model.ranker(inputs)["logits"]["ctr"].numpy() for inputs in (shown, served)]
    np.testing.assert_allclose(logits[0] - logits[1], added - at_default, atol=1e-5)
    by_place = [(added - at_default)[(place == str(each)) & (screens == 0)].mean() for each in (1, 2, 3, 4)]
    np.testing.assert_allclose(by_place, [0, -1, -2, -3], atol=0.5)
    # Which weights are kept is decided by rows as they were shown.
    history = run.read_json("history.json")["history"]
    best = max(epoch["validation"]["metrics"]["ctr"]["auc"] for epoch in history)
    measured = [Predictor(model, dataset, as_shown).predict("validation").outcomes["ctr"] for as_shown in (True, False)]
    aucs = [roc_auc_score(each.labels, each.probabilities) for each in measured]
    assert aucs[0] == pytest.approx(best, abs=1e-4) and aucs[0] > aucs[1]
    assert measured[0].probabilities.sum() == pytest.approx(measured[0].labels.sum(), rel=0.1)


def test_a_training_goes_on_with_the_tower_of_before(run: RankerRun, dataset: Dataset, folder: Path) -> None:
    quiet = Console(quiet=True)
    loop = create_training(dataset, ["ctr"], run.settings, folder / "on", quiet, warm_start=run)
    loop.trainable.initialize_weights()
    rows = next(dataset.tables("test", list(run.schema.trained_on)))
    before, after = (
        model.ranker(model.lookup.encode(rows, biases=True))["logits"]["ctr"].numpy()
        for model in (run.model(), loop.trainable.model)
    )
    np.testing.assert_allclose(before, after, atol=1e-5)


def test_what_is_missing_in_training_is_said(folder: Path) -> None:
    log = shown_log(500)[0]
    log.loc[:99, "place"] = None
    prepare(Schema.load(CONTENT), log.assign(screens=7), folder / "missing")
    said = io.StringIO()
    console = Console(file=said, width=400)
    create(Dataset(folder / "missing"), folder / "told", *SETTINGS, tasks=("ctr",), console=console)
    assert "column `place` of role `bias` has no value in" in said.getvalue()
    assert "column `screens` of role `bias` is 0 in no training row" in said.getvalue()


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        ({"kind": "number"}, "a column of role `bias` needs a `default`, at which it is served"),
        ({"kind": "list", "default": ""}, "a column of role `bias` is a number or a category. Received: kind `list`"),
        ({"kind": "number", "default": 1, "buckets": 4}, "a column of kind `number` of role `bias` takes no `buckets`"),
    ],
)
def test_what_no_bias_can_be_is_refused(column: Any, fault: str) -> None:
    columns = {**CONTENT["columns"], "place": {"role": "bias", **column}}
    with pytest.raises(SchemaError, match=fault):
        Schema.load({**CONTENT, "columns": columns})
