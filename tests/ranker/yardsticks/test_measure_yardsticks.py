"""What a ranker is held against, on rows whose answer is known."""

import math
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from tests.support.schema_of import schema_of
from tfelc.data.dataset import Dataset
from tfelc.data.dataset_writer import DatasetWriter
from tfelc.ranker.yardsticks import measure_yardsticks as module
from tfelc.ranker.yardsticks.flat_table import FlatTables
from tfelc.ranker.yardsticks.measure_yardsticks import measure_yardsticks
from tfelc.schema.task_chain import select_tasks

SCHEMA = schema_of(
    {
        "z": {"kind": "label"},
        "x": {"kind": "number", "role": "user"},
        "c": {"kind": "category", "role": "item"},
        "l": {"kind": "list", "role": "user"},
    },
    tasks={"ctr": {"label": "y"}, "cvr": {"label": "z", "conditioned_on": "ctr", "joint": "ctcvr"}},
)
HEADS = ["ctr", "cvr"]
TASKS = select_tasks(SCHEMA, HEADS, {})


def rows(count, seed):
    """Clicks follow from `c`, orders from whether `x` is far from 0, which no linear model sees."""
    random = np.random.default_rng(seed)
    x, c = random.normal(size=count).astype(np.float32), random.integers(0, 3, count)
    clicked = random.random(count) < np.array([0.2, 0.5, 0.8])[c]
    ordered = clicked & (random.random(count) < np.where(np.abs(x) > 0.7, 0.9, 0.1))
    hidden = random.random(count) < 0.1
    return pa.table(
        {
            "y": clicked.astype(np.int8),
            "z": ordered.astype(np.int8),
            "x": pa.array(np.where(hidden, None, x).tolist(), pa.float32()),
            "c": pa.array([None if hide else f"c{value}" for hide, value in zip(hidden, c, strict=True)]),
            "l": pa.array([["a"]] * count),
        }
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    out = tmp_path_factory.mktemp("yardsticks") / "data"
    with DatasetWriter(out, SCHEMA, "made", 0) as writer:
        for seed, (split, count) in enumerate({"train": 2000, "validation": 100, "test": 1000}.items()):
            writer.write(split, rows(count, seed))
    return Dataset(out)


def test_each_finds_what_it_can(dataset):
    found = measure_yardsticks(dataset, SCHEMA, TASKS, HEADS)
    assert list(found) == ["constant", "logistic regression", "boosted trees"]
    assert all(list(metrics) == ["ctr", "cvr", "ctcvr"] for metrics in found.values())
    auc = {name: {output: values["auc"] for output, values in metrics.items()} for name, metrics in found.items()}
    assert set(auc["constant"].values()) == {0.5}
    assert auc["logistic regression"]["ctr"] > 0.7 and auc["boosted trees"]["ctr"] > 0.7
    assert auc["logistic regression"]["cvr"] < 0.6 and auc["boosted trees"]["cvr"] > 0.8


def test_the_constant_is_the_rate_of_the_training_rows(dataset):
    tables = FlatTables(dataset, SCHEMA, TASKS, HEADS, 10_000)
    rate = tables.train.outcomes["ctr"][1].mean()
    labels = tables.split("test").outcomes["ctr"][1]
    wanted = -np.mean(np.where(labels == 1, math.log(rate), math.log(1 - rate)))
    found = measure_yardsticks(dataset, SCHEMA, TASKS, HEADS)
    assert found["constant"]["ctr"]["logloss"] == pytest.approx(wanted)


def test_a_task_is_judged_where_its_condition_happened(dataset):
    test = FlatTables(dataset, SCHEMA, TASKS, HEADS, 10_000).split("test")
    judged, labels = test.outcomes["cvr"]
    assert judged.tolist() == (test.outcomes["ctr"][1] == 1).tolist()
    assert labels[~judged].sum() == 0 and test.outcomes["ctcvr"][0].all()


def test_a_value_that_training_did_not_see_is_none(dataset, tmp_path):
    tables = FlatTables(dataset, SCHEMA, TASKS, HEADS, 10_000)
    assert tables.train.codes.shape == (2000, 1) and set(tables.train.codes[~np.isnan(tables.train.codes)]) == {0, 1, 2}
    assert np.isnan(tables.train.codes[:, 0]).sum() == np.isnan(tables.train.numbers[:, 0]).sum() > 0
    assert not tables.sampled


def test_a_large_split_is_sampled(dataset):
    tables = FlatTables(dataset, SCHEMA, TASKS, HEADS, 500)
    assert tables.sampled and len(tables.train.numbers) == 500
    assert len(tables.split("test").numbers) == 1000


def test_one_outcome_alone_leaves_the_constant(dataset, monkeypatch):
    tables = FlatTables(dataset, SCHEMA, TASKS, HEADS, 10_000)
    judged, labels = tables.train.outcomes["ctr"]
    tables.train.outcomes["ctr"] = (judged, np.zeros_like(labels))
    monkeypatch.setattr(module, "FlatTables", lambda *_: SimpleNamespace(train=tables.train, split=tables.split))
    found = measure_yardsticks(dataset, SCHEMA, TASKS, HEADS)
    assert "ctr" in found["constant"] and "ctr" not in found["boosted trees"] and "cvr" in found["boosted trees"]
