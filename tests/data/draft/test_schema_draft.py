"""Drafted schemas: what is guessed, and that they prepare and train as they are."""

import numpy as np
import pandas as pd
import pytest

import tfelc
from tests.support.command import call
from tests.support.training import SETTINGS
from tfelc.core.errors import UsageError
from tfelc.data.draft.schema_draft import draft_schema
from tfelc.schema.schema import Schema

ROWS = 3_000


def feed():
    """Impressions of a feed: users of whose activity something is known, items, histories, a chain of outcomes."""
    random = np.random.default_rng(0)
    user, item = random.integers(0, 150, ROWS), random.integers(0, 80, ROWS)
    click = (random.random(ROWS) < 0.2 + 0.4 * (item % 2)).astype(int)
    return pd.DataFrame(
        {
            "row_id": np.arange(ROWS),
            "user_id": user,
            "item_id": [f"i{each}" for each in item],
            "timestamp": 1_700_000_000 + np.sort(random.integers(0, 10**6, ROWS)),
            "click": click,
            "order": click * (random.random(ROWS) < 0.4),
            "visits_7d": random.poisson(5, 150)[user],
            "city": random.choice(["Rome", "Oslo", "Lima"], 150)[user],
            "price": np.round(random.lognormal(1, 2, 80)[item], 2),
            "hour": random.integers(0, 24, ROWS),
            "watched": [[f"i{each}" for each in random.integers(0, 80, random.integers(0, 6))] for _ in range(ROWS)],
            "dwell_ms": np.where(click == 1, random.integers(100, 9_000, ROWS), 0),
            "nothing": None,
            "same": 1,
        }
    )


def flat():
    """A flat table without users, items or times, names that no schema takes, and true and false."""
    random = np.random.default_rng(1)
    size = random.normal(size=ROWS)
    return pd.DataFrame(
        {
            "size": size,
            "2nd size": random.normal(size=ROWS),
            "color": random.choice(["red", "blue", None], ROWS),
            "class": random.integers(0, 3, ROWS),
            "is_new": random.random(ROWS) < 0.5,
            "amount": random.lognormal(3, 2, ROWS),
            "y": (random.random(ROWS) < 1 / (1 + np.exp(-size))),
        }
    )


def shop():
    """A shop's orders, users in words, dates in text, and two outcomes that have nothing to do with each other."""
    random = np.random.default_rng(2)
    user = random.integers(0, 400, ROWS)
    return pd.DataFrame(
        {
            "customer": [f"c{each}" for each in user],
            "day": random.choice(["2024-03-01", "2024-03-02", "2024-03-03"], ROWS),
            "product": random.integers(0, 2_500, ROWS),
            "returned": random.integers(0, 2, ROWS),
            "rated": random.integers(0, 2, ROWS),
            "basket": random.normal(size=ROWS),
            "orders_total": random.integers(0, 300, 400)[user],
        }
    )


TABLES = {"feed": (feed, ["click", "order"]), "flat": (flat, ["y"]), "shop": (shop, ["returned", "rated"])}


@pytest.fixture(scope="module", params=TABLES)
def drafted(request, tmp_path_factory):
    make, labels = TABLES[request.param]
    folder = tmp_path_factory.mktemp(request.param)
    make().to_parquet(folder / "log.parquet", row_group_size=1_000)
    named = [word for label in labels for word in ("--label", label)]
    done = call("draft", "--input", folder / "log.parquet", *named)
    assert done.code == 0, done.err
    (folder / "schema.yaml").write_text(done.out)
    return request.param, folder, done


def test_a_draft_prepares_and_trains_as_it_is(drafted):
    name, folder, done = drafted
    schema = Schema.load(folder / "schema.yaml")
    assert schema == tfelc.draft_schema(folder / "log.parquet", TABLES[name][1], name="log")
    prepared = call(
        "prepare", "table", "--schema", folder / "schema.yaml", "--input", folder / "log.parquet", "--out",
        folder / "data",
    )  # fmt: skip
    assert prepared.code == 0, prepared.err
    model = tfelc.Ranker(schema, settings=SETTINGS).fit(folder / "data", progress=False)
    assert list(model.predict(TABLES[name][0]()))[: len(schema.tasks)] == list(schema.tasks)


def test_what_is_guessed(drafted):
    name, folder, done = drafted
    schema = Schema.load(folder / "schema.yaml")
    found = {column: (part.kind, part.role) for column, part in schema.columns.items()}
    if name == "feed":
        assert (schema.user_key, schema.split.by) == ("user_id", "time")
        assert schema.tasks["order"].conditioned_on == "click" and schema.tasks["click"].conditioned_on is None
        assert found == {
            "click": ("label", None),
            "order": ("label", None),
            "row_id": ("id", None),
            "user_id": ("id", None),
            "item_id": ("category", "item"),
            "timestamp": ("timestamp", None),
            "visits_7d": ("number", "activity"),
            "city": ("category", "user"),
            "price": ("number", "item"),
            "hour": ("category", "context"),
            "watched": ("list", "user"),
        }
        assert schema.columns["watched"].table == "item_id" and schema.columns["price"].transform == "log"
        for column, why in (("dwell_ms", "above 0 only where `click`"), ("nothing", "no value"), ("same", "one value")):
            assert any(f"`{column}`: left out" in line and why in line for line in done.err.splitlines()), done.err
            assert f"# {column}" in done.out
        assert "# 150 users in the sample" in done.out
    elif name == "flat":
        assert (schema.user_key, schema.split.by) == (None, "row")
        assert found == {
            "y": ("label", None),
            "size": ("number", "context"),
            "color": ("category", "context"),
            "is_new": ("number", "context"),
            "amount": ("number", "context"),
        }
        assert "`2nd size`: left out, no name that a schema takes" in done.err and "`class`: left out" in done.err
    else:
        assert (schema.user_key, schema.split.by) == ("customer", "row")
        assert all(task.conditioned_on is None for task in schema.tasks.values())
        assert found["customer"] == ("id", None) and schema.columns["customer"].type == "string"
        assert found["orders_total"] == ("number", "activity") and found["product"] == ("category", "item")
        assert schema.tables["product"].min_count == 2


def test_a_csv_file_and_a_table_in_memory_draft_alike(tmp_path):
    frame = feed().drop(columns="watched")
    frame["seen"] = ["a|b"] * 10 + ["b"] * (ROWS - 10)
    frame.to_csv(tmp_path / "log.csv", index=False)
    by_file = draft_schema(str(tmp_path / "log.csv"), ["click", "order"]).schema
    frame["seen"] = frame["seen"].str.split("|")
    assert by_file == draft_schema(frame, ["click", "order"]).schema
    assert by_file.columns["seen"].kind == "list"


def test_a_feature_that_copies_its_label_is_left_out_and_said():
    frame = flat()
    frame["later"] = frame["y"] + np.random.default_rng(0).random(ROWS) - 3
    draft = draft_schema(frame, ["y"])
    assert "later" not in draft.schema.columns
    assert any(
        "label `y` is told by one feature alone" in line and "later (AUC 1.000)" in line for line in draft.warnings
    )
    assert "# later: {kind: number, role: context}    # left out: tells `y` by itself (AUC 1.000)" in draft.text()


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([], "names no column: name the outcomes to predict"),
        (["z"], "frame: no column `z`; it has size, 2nd size"),
        (["amount"], "label `amount` must be 0 or 1 in every row"),
        (["2nd size"], "is no name that a schema takes"),
    ],
)
def test_labels_that_are_none(labels, words):
    with pytest.raises(UsageError, match=words):
        draft_schema(flat(), labels)


def test_kuairand(data_dir):
    source = data_dir / "kuairand-pure" / "log_standard_4_25_to_5_08_pure.csv.gz"
    draft = draft_schema(str(source), ["is_click", "long_view"])
    schema = draft.schema
    assert (schema.user_key, schema.split.by, schema.of_kind("timestamp").keys()) == ("user_id", "time", {"time_ms"})
    assert schema.columns["video_id"].role == "item" and schema.columns["tab"].kind == "category"
    assert schema.columns["duration_ms"].role == "item"
    assert not {"play_time_ms", "date", "is_rand"} & set(schema.columns)
