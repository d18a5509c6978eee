"""A log of rare clicks, trained on a tenth of the others: what is predicted is of the whole log."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from rich.console import Console

from tests.support.training import create
from tfelc.core.errors import DataError
from tfelc.data.dataset import Dataset
from tfelc.data.log_preparation import prepare
from tfelc.data.split_tables import LogTables
from tfelc.ranker.evaluation.evaluation import evaluate
from tfelc.ranker.evaluation.predictions import Predictor
from tfelc.ranker.run import RankerRun
from tfelc.schema.schema import Schema

SETTINGS = (
    "training.epochs=12",
    "training.batch_size=256",
    "training.balance.name=fixed",
    "optimizer.average=0",
    "optimizer.learning_rate=0.02",
    "model.linear=true",
    "model.clusters.num_clusters=0",
    "model.architecture={name: shared_bottom, units: [8]}",
    "training.yardsticks=true",
)
ROWS = 40_000


def _chance(logits: Any) -> Any:
    return 1 / (1 + np.exp(-logits))


def rare_log() -> pd.DataFrame:
    """Clicks in 7 % of the rows, orders in a quarter of these, and a page that is hidden where few would click."""
    random = np.random.default_rng(0)
    quality, visits = random.normal(size=(2, ROWS))
    click = random.random(ROWS) < _chance(quality + 0.5 * visits - 3)
    order = click & (random.random(ROWS) < _chance(visits - 1.2))
    hidden = random.random(ROWS) < _chance(-quality - 1 - 2 * click)
    frame = {"click": click, "order": order, "hidden": hidden, "quality": quality, "visits": visits}
    return pd.DataFrame({name: values.astype(float) for name, values in frame.items()})


def schema(share: float | None = 0.1, before: str | None = None) -> Schema:
    return Schema.load(
        {
            "name": "rare",
            "split": {"by": "row", "validation": 0.25, "test": 0.25},
            "tasks": {
                "ctr": {"label": "click", "negatives_kept": share, "already_sampled": before},
                "cvr": {"label": "order", "conditioned_on": "ctr", "joint": "ctcvr"},
                "hide": {"label": "hidden"},
            },
            "columns": {
                **{name: {"kind": "label"} for name in ("click", "order", "hidden")},
                "quality": {"kind": "number", "role": "item"},
                "visits": {"kind": "number", "role": "activity"},
            },
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rare")


@pytest.fixture(scope="module")
def dataset(folder: Path) -> Dataset:
    prepare(schema(), rare_log(), folder / "data")
    return Dataset(folder / "data")


@pytest.fixture(scope="module")
def run(dataset: Dataset, folder: Path) -> RankerRun:
    said = io.StringIO()
    loop = create(
        dataset, folder / "run", *SETTINGS, tasks=("ctr", "cvr", "hide"), console=Console(file=said, width=300)
    )
    loop.train()
    loop.test()
    assert "are kept (`negatives_kept: 0.1` of task `ctr`); the logits are corrected for it" in said.getvalue()
    return RankerRun.open(folder / "run")


def test_sums_are_right_on_the_whole_log_and_on_the_share(run: RankerRun, dataset: Dataset) -> None:
    predictor = Predictor(run.model(), dataset)
    assert dataset.rows("train") < 0.2 * ROWS
    for split in ("validation", "test", "train"):
        metrics = evaluate(predictor.predict(split), split, by_group=False).metrics
        # Without the correction `ctr` would be off by a factor of 5 on the first two.
        for output, allowed in (("ctr", 0.05), ("ctcvr", 0.12), ("hide", 0.05)):
            if (split, output) != ("train", "hide"):
                assert metrics[output]["calibration"] == pytest.approx(1, abs=allowed), (split, output)


def test_simple_models_are_trained_for_the_whole_log_too(run: RankerRun, dataset: Dataset) -> None:
    found = run.read_json("metrics.json")
    rate = dataset.manifest.label_rates["test"]
    for output, label in (("ctr", "click"), ("hide", "hidden")):
        entropy = -np.log(rate[label]) * rate[label] - np.log(1 - rate[label]) * (1 - rate[label])
        assert found["yardsticks"]["constant"][output]["logloss"] == pytest.approx(entropy, rel=0.01)
        assert found["yardsticks"]["logistic regression"][output]["logloss"] < entropy


def test_a_log_that_was_sampled_before_is_judged_by_what_is_to_be_expected_in_it(run: RankerRun) -> None:
    log = rare_log()[30_000:]
    some = log[(log["click"] == 1) | (np.random.default_rng(1).random(len(log)) < 0.1)]
    # The same weights, under a schema that says so.
    model = run.model()
    for each, where, expected in ((log, None, 1.0), (some, "all", 1.0), (some, None, 0.25)):
        declared = type(model)(schema(0.1, where), model.tasks, model.lookup, model.ranker, model.heads)
        predictions = Predictor(declared, LogTables(declared.schema, each)).predict("data")
        metrics = evaluate(predictions, "data", by_group=False).metrics["ctr"]
        assert metrics["calibration"] == pytest.approx(expected, abs=0.06), where


def test_a_share_that_the_data_does_not_hold_is_refused(dataset: Dataset, folder: Path) -> None:
    file = dataset.path / "schema.yaml"
    content = file.read_text()
    said = "was prepared with 0.1 of the rows without `click`, and `negatives_kept` of its schema says otherwise"
    share = "negatives_kept: 0.1"
    for edited in ("negatives_kept: 0.2", "weight: 2.0", f"{share}\n    already_sampled: train"):
        try:
            file.write_text(content.replace(share, edited))
            with pytest.raises(DataError, match=said):
                create(Dataset(dataset.path), folder / "none", *SETTINGS, tasks=("ctr",))
        finally:
            file.write_text(content)
