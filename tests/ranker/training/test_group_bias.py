"""Biases of groups, from the fit to the served answer."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from rich.console import Console
from scipy.special import expit

from tests.support.training import create
from tfelc.core.errors import ConfigError, UsageError
from tfelc.data.dataset import Dataset
from tfelc.ranker.evaluation.predictions import Predictor
from tfelc.ranker.export.requests import ranked_rows, request_inputs
from tfelc.ranker.export.serving_module import ServingModule
from tfelc.ranker.export.signatures import RANK
from tfelc.ranker.export.trained_answers import trained_answers
from tfelc.ranker.run import RankerRun
from tfelc.ranker.training.fit_group_bias import fit_group_bias


def _drawn(off: Any, rows: Any, seed: int = 0) -> Any:
    """Logits, labels and groups, where each group's true logits lie `off` above what is said."""
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(len(rows)), rows)
    logits = random.normal(size=len(groups))
    labels = random.random(len(groups)) < expit(logits + np.asarray(off)[groups])
    return logits, labels.astype(float), groups


def test_what_groups_are_off_by_is_found_and_a_group_without_rows_is_left() -> None:
    off = np.array([0.8, -0.5, 0.0, 0.3])
    logits, labels, groups = _drawn(off, [40_000] * 4)
    biases = fit_group_bias(logits, labels, groups + 1, 6)
    np.testing.assert_allclose(biases, [0, *off, 0], atol=0.05)
    moved = expit(logits + biases[groups + 1])
    for group in range(4):
        assert moved[groups == group].sum() == pytest.approx(labels[groups == group].sum(), rel=1e-3)


def test_a_few_rows_move_less_than_many() -> None:
    # Groups of 4 rows, all of one outcome, beside large ones that are off by about a half.
    large = _drawn([0.5, -0.5, 0.5, -0.5], [5_000] * 4)
    small = np.zeros(4), np.ones(4), np.full(4, 4)
    logits, labels, groups = (np.concatenate(pair) for pair in zip(large, small, strict=True))
    biases = fit_group_bias(logits, labels, groups, 5)
    # Of the group alone the likeliest bias would be endless.
    assert 0.1 < biases[4] < 0.8
    # By hand: the likeliest b under a normal distribution of variance v has 4 (1 - sigmoid(b)) = b / v.
    variance = biases[4] / (4 * (1 - expit(biases[4])))
    assert variance == pytest.approx(0.25, rel=0.3)


def test_groups_that_are_off_by_chance_alone_stay_where_they_are() -> None:
    shares = []
    for seed in range(20):
        logits, labels, groups = _drawn(np.zeros(20), [200] * 20, seed)
        biases = fit_group_bias(logits, labels, groups, 20)
        rates = np.array([labels[groups == group].mean() for group in range(20)])
        shares.append(np.std(biases) / np.std(np.log(rates / (1 - rates))))
    # Chance may look like more than itself in some: of 300 seeds the share is .12 in the median and .64 at most.
    assert np.median(shares) < 0.3 and max(shares) < 0.8


@pytest.fixture(scope="module")
def run(every_kind_dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> RankerRun:
    folder, said = tmp_path_factory.mktemp("groups"), io.StringIO()
    chosen = ("training.epochs=1", "model.calibration=group_bias", "model.calibration_by=city")
    loop = create(every_kind_dataset, folder / "run", *chosen, console=Console(file=said, width=300))
    loop.train()
    assert "group_bias of `click`: " in said.getvalue() and "predicted / observed on validation: " in said.getvalue()
    return RankerRun.open(folder / "run")


def test_a_run_has_its_biases_from_training_to_serving(run: RankerRun, every_kind_dataset: Dataset) -> None:
    model = run.model()
    biases = model.ranker.group_biases["click"].biases.numpy()
    vocabulary = run.fitted.vocabularies["city"]
    # Of a missing value there are rows, of one that is not known there is nothing to say.
    assert len(biases) == len(vocabulary) + 2 and biases[1] == 0 and np.abs(biases).max() > 0.01
    found = Predictor(model, every_kind_dataset).predict("validation")
    table = pa.concat_tables(
        every_kind_dataset.tables("validation", list(model.schema.features)), promote_options="permissive"
    )
    rows = {value: place + 2 for place, value in enumerate(vocabulary)} | {None: 0, "nowhere": 0}
    before, after = (
        np.log(each["click"].probabilities / (1 - each["click"].probabilities))
        for each in (found.uncalibrated, found.outcomes)
    )
    expected = [biases[rows.get(city, 1)] for city in table["city"].to_pylist()]
    np.testing.assert_allclose(after - before, expected, atol=1e-4)

    # In `rank` there is one user, and so one city, for all items.
    served = ServingModule(model, run.path / "schema.yaml").rank(
        {name: tf.constant(values) for name, values in request_inputs(model.schema, RANK, table).items()}
    )
    alone, _ = trained_answers(model, ranked_rows(model.schema, table))
    np.testing.assert_allclose(served["click"], alone["click"], atol=1e-6)


def test_clusters_can_be_the_groups(every_kind_dataset: Dataset, tmp_path: Path) -> None:
    chosen = ("model.calibration=group_bias", "model.calibration_by=cluster", "model.clusters.num_clusters=3")
    model = create(every_kind_dataset, tmp_path / "run", *chosen).trainable.model
    model.ranker.group_biases["click"].set_biases([1.0, 2.0, 3.0])
    rows = next(every_kind_dataset.tables("test", list(model.schema.features)))
    answers = model.ranker(model.lookup.encode(rows), training=False)
    moved = model.ranker.calibrated(answers)["click"] - answers["logits"]["click"]
    np.testing.assert_allclose(moved, np.asarray(answers["clusters"]["cluster"]) + 1.0, atol=1e-5)


@pytest.mark.parametrize(
    ("chosen", "fault"),
    [
        (["model.calibration_by=newcomer"], "model.calibration_by: `newcomer` is no feature of kind `category`"),
        (
            ["model.calibration_by=user_id"],
            "a value of `user_id` has several rows, by `hash_functions` of table `user`",
        ),
        (["model.calibration_by=visits"], "model.calibration_by: `visits` is no feature of kind `category`"),
        (
            ["model.calibration_by=cluster", "model.clusters.num_clusters=0"],
            "`cluster` needs clusters, and model.clusters.num_clusters is 0",
        ),
        ([], "`calibration: group_bias` and `calibration_by` go together"),
    ],
)
def test_what_tells_no_groups_apart_is_refused(
    every_kind_dataset: Dataset, tmp_path: Path, chosen: list[str], fault: str
) -> None:
    with pytest.raises((UsageError, ConfigError), match=fault):
        create(every_kind_dataset, tmp_path / "run", "model.calibration=group_bias", *chosen)
