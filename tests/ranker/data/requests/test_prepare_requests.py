"""Requests joined to outcomes, worked out by hand."""

import warnings

import numpy as np
import pyarrow as pa
import pytest

from tests.support.command import call
from tests.support.served_log import record, write_log
from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import DataError, UsageError
from tfelc.data.dataset import Dataset
from tfelc.data.splits import SPLITS
from tfelc.ranker.data.requests.joined_rows import JoinedRows
from tfelc.ranker.data.requests.keys import Keys
from tfelc.ranker.data.requests.outcome_log import OutcomeLog
from tfelc.ranker.data.requests.prepare_requests import prepare_requests
from tfelc.ranker.data.requests.served_rows import ServedRows
from tfelc.schema.schema import Schema

CONTENT = {
    "name": "shop",
    "split": {"by": "row", "validation": 0.3, "test": 0.3},
    "columns": {
        "at": {"kind": "timestamp"},
        "click": {"kind": "label", "source": "Clicked?"},
        "order": {"kind": "label"},
        "place": {"kind": "group"},
        "user": {"kind": "category", "role": "user"},
        "clicks_7d": {"kind": "number", "role": "activity"},
        "item": {"kind": "category", "role": "item", "type": "integer", "source": "item id"},
    },
    "tasks": {"ctr": {"label": "click"}, "cvr": {"label": "order", "conditioned_on": "ctr"}},
}
SCHEMA = Schema.load(CONTENT)
KEYS = ["request_id", "item"]


def ranking(number, items, user="u", **others):
    inputs = {
        "user": np.array([user], object),
        "clicks_7d": np.array([number], np.float32),
        "item": np.array(items, np.int64),
    }
    return record(inputs, "rank", request_id=f"r{number}", **{"seconds": 1000 + number, **others})


def outcomes(*rows, **others):
    """Outcomes of (request, item, click, order)."""
    names = ("request_id", "item id", "Clicked?", "order")
    return pa.table({name: pa.array([row[place] for row in rows]) for place, name in enumerate(names)} | others)


def joined(tmp_path, records, happened, unmatched="drop", keys=KEYS, schema=SCHEMA):
    path = write_log(tmp_path / "log.tfrecord", records)
    key = Keys(schema, keys)
    return JoinedRows.of(
        schema, ServedRows.read(schema, [path]), OutcomeLog.read(schema, key, happened), key, unmatched
    )


LOG = [ranking(0, [1, 2, 3]), ranking(1, [1, 4]), ranking(2, [-1, 9])]
HAPPENED = outcomes(("r0", 2, 1, 1), ("r0", 3, 0, None), ("r1", 1, 1, 0), ("r7", 1, 1, 1))


def test_each_item_gets_its_outcome(tmp_path):
    found = joined(tmp_path, LOG, HAPPENED)
    assert found.table.select(["click", "order", "item", "clicks_7d"]).to_pylist() == [
        {"click": 1, "order": 1, "item": 2, "clicks_7d": 0},
        {"click": 0, "order": None, "item": 3, "clicks_7d": 0},
        {"click": 1, "order": 0, "item": 1, "clicks_7d": 1},
    ]
    assert found.table["at"].to_pylist() == [1_000_000_000, 1_000_000_000, 1_001_000_000]
    assert found.places.tolist() == [1, 2, 3]
    assert found.counts() == {"matched": 3, "unmatched": 4, "sent_again": 0, "orphans": 1}


def test_rows_without_an_outcome_as_negatives(tmp_path):
    found = joined(tmp_path, LOG, HAPPENED, "negative")
    assert found.table["click"].to_pylist() == [0, 1, 0, 1, 0, 0, 0]
    assert found.table["order"].to_pylist() == [0, 1, None, 0, 0, 0, 0]  # what an outcome leaves open stays open
    assert found.table["item"].to_pylist() == [1, 2, 3, 1, 4, None, 9]
    assert found.counts() == {"matched": 3, "unmatched": 4, "sent_again": 0, "orphans": 1}


def test_what_the_outcomes_have_beside_labels(tmp_path):
    happened = HAPPENED.append_column("place", pa.array(["a", "b", "c", "d"]))
    assert joined(tmp_path, LOG, happened).table["place"].to_pylist() == ["a", "b", "c"]
    assert joined(tmp_path, LOG, HAPPENED).table["place"].to_pylist() == [None] * 3


def test_a_request_that_was_sent_again_counts_once(tmp_path):
    with pytest.warns(DataWarning, match="2 rows of requests that were sent again are left out, such as request_id=r1"):
        found = joined(tmp_path, [*LOG, ranking(1, [1, 4], user="later")], HAPPENED)
    assert found.table["user"].to_pylist() == ["u", "u", "later"] and found.sent_again == 2


@pytest.mark.parametrize(
    ("records", "happened", "keys", "words"),
    [
        (LOG, outcomes(("r0", 2, 1, 1)), ["request_id"], "two rows of the request have the key request_id=r0"),
        (
            [ranking(0, [1, 2]), ranking(1, [2])],
            HAPPENED.select([1, 2, 3]).slice(0, 2),
            ["item"],
            "record 1, and .*record 2: both have the key item=2; add a column to it that tells requests apart",
        ),
        (
            LOG,
            outcomes(("r0", 2, 1, 1), ("r0", 2, 0, 0)),
            KEYS,
            "table: the key request_id=r0, item=2 is there more than once",
        ),
        ([record({"user": np.array(["u"], object), "clicks_7d": np.ones(1, np.float32), "item": np.ones(1, np.int64)})],
         HAPPENED, KEYS, "record 1: the record has no `request_origin`, which would be the request's id"),
        (LOG, outcomes(("r8", 2, 1, 1)), KEYS, "no outcome has the key of a logged request"),
        (LOG, HAPPENED.drop_columns("order"), KEYS, "order"),
    ],
)  # fmt: skip
def test_what_cannot_be_joined_is_refused_by_name(tmp_path, records, happened, keys, words):
    with pytest.raises(DataError, match=words):
        joined(tmp_path, records, happened, keys=keys)


def test_keys_that_are_no_keys():
    with pytest.raises(UsageError, match="`key` is missing: name the columns"):
        Keys(SCHEMA)
    with pytest.raises(UsageError, match="`key` itme: is not in the requests; did you mean `item`?"):
        Keys(SCHEMA, ["itme"])
    with pytest.raises(UsageError, match="`key` clicks_7d: is a number; use categories"):
        Keys(SCHEMA, ["clicks_7d"])


def test_an_id_of_the_schema_is_the_request_s_own(tmp_path):
    columns = {"call": {"kind": "id"}, **CONTENT["columns"]}
    schema = Schema.load({**CONTENT, "columns": columns, "request_key": "call"})
    records = [ranking(number, [5, 6], seconds=0) for number in (1, 2)]
    records = [each.replace(f"r{number}".encode(), f"7{number}".encode()) for number, each in enumerate(records, 1)]
    happened = pa.table({"call": [72], "Clicked?": [1], "order": [0], "at": [5], "item id": [6]})
    found = joined(tmp_path, records, happened, keys=["call", "item"], schema=schema)
    assert found.table.select(["call", "at", "item"]).to_pylist() == [{"call": 72, "at": 5, "item": 6}]
    with pytest.raises(UsageError, match="`unmatched` negative: the rows without an outcome have no `at`"):
        joined(tmp_path, records, happened, "negative", ["call", "item"], schema)


def log_of_many(folder):
    records = [ranking(number, [number % 7, 50 + number % 5]) for number in range(60)]
    write_log(folder / "logs" / "ranker-1.tfrecord", records)
    happened = [(f"r{number}", number % 7, number % 2, 0 if number % 2 else None) for number in range(60)]
    return outcomes(*happened)


def test_the_command(tmp_path):
    happened = log_of_many(tmp_path)
    frame = happened.to_pandas()
    frame["order"] = frame["order"].astype("Int64")
    frame.to_csv(tmp_path / "outcomes.csv", index=False)
    (tmp_path / "schema.yaml").write_text(SCHEMA.dump())
    keys = ("--key", "request_id", "--key", "item")
    options = ("--schema", tmp_path / "schema.yaml", "--outcomes", tmp_path / "outcomes.csv", *keys)
    done = call(
        "prepare", "requests", "--requests", tmp_path / "logs", *options, "--unmatched", "negative",
        "--out", tmp_path / "data",
    )  # fmt: skip
    assert done.code == 0, done.err
    said = "60 requests with 120 rows; 60 with an outcome; 60 without; 0 outcomes without a logged request"
    assert said in done.out
    data = Dataset(tmp_path / "data")
    assert sum(data.manifest.rows.values()) == 120
    assert data.manifest.metadata["requests"]["matched"] == 60
    rows = pa.concat_tables(table for split in SPLITS for table in data.tables(split, ["click", "clicks_7d", "item"]))
    assert sum(rows["click"].to_pylist()) == 30
    for row in rows.to_pylist():
        assert row["click"] == (0 if row["item"] >= 50 else row["clicks_7d"] % 2)
    missing = call("prepare", "requests", "--requests", tmp_path / "logs", *options, "--out", tmp_path / "other")
    assert missing.code == 2 and "--unmatched" in missing.err


def test_aggregates_are_taken_as_they_were_served(tmp_path):
    """Counted anew, `clicks_7d` would be 0 in all rows: there are no earlier days."""
    columns = {name: column for name, column in CONTENT["columns"].items() if name != "clicks_7d"}
    aggregates = {"clicks_7d": {"by": "user", "compute": "count", "where": "click", "window": 7}}
    schema = Schema.load({**CONTENT, "columns": columns, "aggregates": aggregates})
    happened = log_of_many(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error", DataWarning)
        prepare_requests(schema, [str(tmp_path / "logs")], happened, tmp_path / "data", "drop", KEYS)
    data = Dataset(tmp_path / "data")
    rows = pa.concat_tables(table for split in SPLITS for table in data.tables(split, ["clicks_7d"]))
    assert sorted(rows["clicks_7d"].to_pylist()) == list(range(60))
    assert not data.schema.aggregates and not list((tmp_path / "data").glob("*state*"))


def test_orders_that_come_late_are_waited_for(tmp_path):
    day, begin = 86_400, 1_700_000_000
    content = {**CONTENT, "columns": {**CONTENT["columns"], "ordered_at": {"kind": "event_time"}}}
    cvr = {**CONTENT["tasks"]["cvr"], "delay": {"event_time": "ordered_at", "window": 7}}
    schema = Schema.load({**content, "tasks": {**CONTENT["tasks"], "cvr": cvr}})
    records = [ranking(number, [1, 2], seconds=begin + number * day) for number in range(20)]
    write_log(tmp_path / "logs" / "log.tfrecord", records)
    # All first items are clicked; those of even days are ordered two days later, as far as they have come.
    rows = [(f"r{number}", 1, 1, int(number % 2 == 0 and number < 18)) for number in range(20)]
    times = pa.array([begin + (number + 2) * day if row[3] else None for number, row in enumerate(rows)])
    prepare_requests(
        schema, [str(tmp_path / "logs")], outcomes(*rows, ordered_at=times), tmp_path / "data", "negative", KEYS
    )
    data = Dataset(tmp_path / "data")
    columns = ["clicks_7d", "item", "order"]
    found = pa.concat_tables(table for split in SPLITS for table in data.tables(split, columns)).to_pylist()
    # The log ends on day 19, so that those up to day 12 are mature.
    for row in found:
        known = int(row["item"] == 1 and row["clicks_7d"] % 2 == 0)
        assert row["order"] == (known if row["clicks_7d"] <= 12 else None)
    assert len(found) == 40 and sum(data.manifest.metadata["delays"]["order"]["mature"].values()) == 26
