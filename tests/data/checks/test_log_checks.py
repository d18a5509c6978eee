import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.command import call
from tfelc.data.checks.log_checks import LogChecks
from tfelc.data.dataset import Dataset
from tfelc.data.log_preparation import prepare
from tfelc.schema.schema import Schema

ROWS = 2_000
COLUMNS = {
    "click": {"kind": "label"},
    "order": {"kind": "label"},
    "user_id": {"kind": "id"},
    "time": {"kind": "timestamp"},
    "visits": {"kind": "number", "role": "activity"},
    "city": {"kind": "category", "role": "user"},
    "seen": {"kind": "list", "role": "user"},
    "price": {"kind": "number", "role": "item"},
}
TASKS = {"ctr": {"label": "click"}, "cvr": {"label": "order", "conditioned_on": "ctr"}}


def schema(**changes):
    return Schema.load({"name": "shop", "user_key": "user_id", "columns": COLUMNS, "tasks": TASKS, **changes})


def table(**changes):
    """A log that nothing is wrong with, but for the changes."""
    random = np.random.default_rng(0)
    click = random.random(ROWS) < 0.4
    columns = {
        "click": click.astype(int),
        "order": (click & (random.random(ROWS) < 0.5)).astype(int),
        "user_id": np.arange(ROWS) % 100,
        "time": np.arange(ROWS),
        "visits": random.random(ROWS) + 0.2 * click,
        "city": random.choice(["Rome", "Oslo", "Lima"], ROWS),
        "seen": [["a"] * (number % 3) for number in range(ROWS)],
        "price": random.random(ROWS),
    }
    return pa.table({**columns, **{name: value for name, value in changes.items() if value is not None}})


def warnings_of(tmp_path, rows, described=None):
    prepare(described or schema(), rows, tmp_path / "data")
    return Dataset(tmp_path / "data").manifest.metadata.get("warnings", [])


def test_nothing_is_said_of_a_log_without_faults(tmp_path):
    assert warnings_of(tmp_path, table()) == []


def test_conversions_without_their_click_are_counted(tmp_path):
    clean = table()
    order = clean["order"].to_numpy().copy()
    order[:] = 1
    clicks = int(clean["click"].to_numpy().sum())
    (said,) = [line for line in warnings_of(tmp_path, table(order=order)) if "where `click`" in line]
    share = 100 * (ROWS - clicks) / ROWS
    assert said == (
        f"label `order` is 1 where `click` is 0 in {ROWS - clicks:,} of its 2,000 rows ({share:.0f} %): task `cvr` "
        "learns from rows with click = 1 alone"
    )
    entire = schema(tasks={**TASKS, "cvr": {**TASKS["cvr"], "space": "entire"}})
    checks = LogChecks(entire)
    checks.see(table(order=order))
    assert any("task `cvr` counts them as 0" in line for line in checks.warnings({}))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"click": np.zeros(ROWS, int)}, "label `click` is 0 in every row of train and validation and test"),
        ({"price": np.full(ROWS, 3.0)}, "features with one value in all rows: price"),
        ({"price": np.full(ROWS, np.nan)}, "columns without any value: price"),
        ({"city": pa.nulls(ROWS, pa.string()), "seen": [[]] * ROWS}, "columns without any value: city, seen"),
        ({"city": ["Rome"] * ROWS}, "features with one value in all rows: city"),
        ({"user_id": np.arange(ROWS)}, "each of the 2,000 rows has a `user_id` of its own"),
        ({"time": np.r_[0, np.arange(ROWS - 1, 0, -1)]}, "are not in the order of `time` (1,998 of 2,000 are earlier"),
        ({"extra": np.zeros(ROWS), "more": np.zeros(ROWS)}, "that the schema does not name are left out: extra, more"),
    ],
)
def test_each_fault_is_told_in_a_line(tmp_path, changes, words):
    found = warnings_of(tmp_path, table(**changes))
    (said,) = [line for line in found if words in line]
    assert "\n" not in said
    # An empty column says nothing of a label either.
    assert not any("told by one feature" in line for line in found)


SPLIT = np.repeat(["train", "validation", "test"], [1600, 200, 200])
BY_WORDS = {
    "columns": {**COLUMNS, "weight": {"kind": "weight"}, "group": {"kind": "group"}},
    "split": {"by": "column", "column": "split"},
}
USUAL = {"split": SPLIT, "weight": np.ones(ROWS), "group": ["a", "b"] * (ROWS // 2)}
NOTHING = "nothing can be learned or measured there"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"group": pa.nulls(ROWS)}, "columns without any value: group; look at their names in the files"),
        (
            {"weight": np.where(SPLIT == "test", 1, 0)},
            f"weight `weight` is 0 in every row of train and validation: {NOTHING}; give its rows a weight, or leave",
        ),
        (
            {"click": np.where(SPLIT == "test", 1, table()["click"]), "order": np.zeros(ROWS)},
            f"label `click` is 1 in every row of test: {NOTHING} by task `ctr`; look at how it is written",
        ),
        (
            {"order": np.where(SPLIT == "test", 0, table()["order"])},
            f"label `order` is 0 in every row of test: {NOTHING} by task `cvr`; look at how it is written",
        ),
        (
            {"order": np.where(SPLIT == "train", table()["order"], table()["click"])},
            f"task `cvr`: every row of validation and test with `click` has `order`: {NOTHING}; look at how the labels",
        ),
        (
            {"order": np.where(SPLIT == "train", table()["order"], 1 - table()["click"].to_numpy())},
            f"task `cvr`: no row of validation and test with `click` has `order`: {NOTHING}; look at how the labels",
        ),
    ],
)
def test_what_leaves_a_task_nothing_in_a_split_is_told(tmp_path, changes, words):
    found = warnings_of(tmp_path, table(**{**USUAL, **changes}), schema(**BY_WORDS))
    assert [line for line in found if words in line], found
    assert len([line for line in found if NOTHING in line]) <= 2


def test_nothing_is_said_of_splits_without_faults(tmp_path):
    assert warnings_of(tmp_path, table(**USUAL), schema(**BY_WORDS)) == []


def test_features_that_copy_a_label_are_named(tmp_path):
    click = table()["click"].to_numpy()
    paid = np.where(click == 1, 5.0, 1.0) + np.random.default_rng(1).random(ROWS)
    found = warnings_of(
        tmp_path,
        table(price=-paid, city=np.where(click == 1, "yes", "no"), seen=[["a"] * int(each) for each in click]),
    )
    assert found == [
        "label `click` is told by one feature alone, in a sample of 2,000 rows: city (AUC 1.000), seen (AUC 1.000), "
        "price (AUC 1.000); is it known before the outcome?"
    ]


def test_a_category_of_its_own_for_each_row_tells_nothing(tmp_path):
    # Learned and measured on the same rows it would tell all.
    assert warnings_of(tmp_path, table(city=[f"c{number}" for number in range(ROWS)])) == []


def test_an_outcome_that_is_not_defined_tells_nothing(tmp_path):
    click = table()["click"].to_numpy()
    order = pa.array(np.random.default_rng(2).integers(0, 2, ROWS), mask=click == 0)
    # It says where an order is defined, and not what became of it.
    assert not any("label `order`" in line for line in warnings_of(tmp_path, table(order=order, price=click * 1.0)))


def test_batches_change_nothing():
    rows = table(price=np.r_[np.full(ROWS - 1, 3.0), 4.0], user_id=np.arange(ROWS))
    whole, parts = LogChecks(schema()), LogChecks(schema())
    whole.see(rows)
    for start in range(0, ROWS, 300):
        parts.see(rows.slice(start, 300))
    assert whole.warnings({}) == parts.warnings({}) and len(whole.warnings({})) == 1


def test_pieces_seen_in_several_processes_are_put_together():
    """Some of them without rows; users repeat across the border of two pieces, and times fall there."""
    random = np.random.default_rng(1)
    cases = {
        "all is told": table(price=np.full(ROWS, 3.0), user_id=np.arange(ROWS), time=np.arange(ROWS)[::-1]),
        "nothing": table(),
        "one user twice": table(user_id=[0, *range(ROWS - 1)], city=["Rome"] * ROWS, seen=[[]] * ROWS),
        "two halves": table(price=[1.0] * 1_000 + [2.0] * 1_000, time=[*range(1_000)] * 2, visits=[None] * ROWS),
    }
    for name, rows in cases.items():
        whole, heard = LogChecks(schema()), LogChecks(schema())
        split = random.integers(0, 3, ROWS)
        whole.see(rows, split)
        for start, end in [(0, 0), (0, 1), (1, 1_000), (1_000, 1_000), (1_000, ROWS)]:
            piece = LogChecks(schema(), first=start, rows=ROWS)
            piece.see(rows.slice(start, end - start), split[start:end])
            heard.hear(json.loads(json.dumps(piece.said())))
        rates = {"train": {"click": 0.4, "order": 0.2}}
        assert heard.warnings(rates) == whole.warnings(rates), name
        assert heard.copies == whole.copies


def test_the_command_says_it_and_the_manifest_keeps_it(tmp_path):
    described = schema(columns={**COLUMNS, "visits": {**COLUMNS["visits"], "role": "user"}})
    (tmp_path / "schema.yaml").write_text(described.dump())
    pq.write_table(table(extra=np.zeros(ROWS)), tmp_path / "log.parquet")
    done = call(
        "prepare", "table", "--schema", tmp_path / "schema.yaml", "--input", tmp_path / "log.parquet",
        "--out", tmp_path / "data",
    )  # fmt: skip
    said = [line.removeprefix("warning: ") for line in done.out.splitlines() if line.startswith("warning: ")]
    assert said == [
        "no feature has the role `activity`: the gates and the clusters see those of role `user`",
        "columns that the schema does not name are left out: extra",
    ]
    assert json.loads((tmp_path / "data" / "manifest.json").read_text())["metadata"]["warnings"] == said
