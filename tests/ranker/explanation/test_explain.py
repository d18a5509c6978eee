"""What permutation takes from a ranker that is a formula, and features that give the outcome away."""

import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from rich.console import Console

from tfelc.core.errors import UsageError
from tfelc.core.json_text import json_text
from tfelc.data.split_tables import LogTables
from tfelc.metrics.auc import auc
from tfelc.ranker.evaluation.predictions import Outcome
from tfelc.ranker.explanation.explain import explain
from tfelc.ranker.explanation.explanation import Loss
from tfelc.ranker.explanation.features_alone import alone
from tfelc.ranker.explanation.sampled_rows import SampledRows
from tfelc.ranker.explanation.tables import explanation_tables, giveaway_lines
from tfelc.schema.column import Column
from tfelc.schema.schema import Schema

SCHEMA = Schema.load(
    {
        "name": "shop",
        "user_key": "user",
        "columns": {
            "user": {"kind": "id"},
            "plan": {"kind": "group"},
            "click": {"kind": "label"},
            "spent": {"kind": "value"},
            "price": {"kind": "number", "role": "item"},
            "twin": {"kind": "number", "role": "item"},
            "city": {"kind": "category", "role": "user"},
            "seen": {"kind": "list", "role": "user", "type": "integer"},
            "ages": {"kind": "list", "role": "user", "type": "integer"},
            "hour": {"kind": "number", "role": "context"},
        },
        "sequences": {"history": {"columns": ["seen", "ages"], "pooling": "mean"}},
        "tasks": {"ctr": {"label": "click"}, "value": {"label": "spent", "kind": "regression"}},
    }
)
ROWS = 400


def _log(rows=ROWS):
    random = np.random.default_rng(0)
    price = random.normal(size=rows)
    click = (price + random.normal(size=rows) > 0).astype(int)
    lists = [[1] * (each % 3) for each in range(rows)]
    return pd.DataFrame(
        {
            "user": np.arange(rows) % 50,
            "plan": np.where(np.arange(rows) % 2, "free", "paid"),
            "click": click,
            "spent": 10.0 + price + random.normal(size=rows),
            "price": price,
            "twin": price,
            "city": np.where(click == 1, "yes", "no"),
            "seen": lists,
            "ages": lists,
            "hour": random.normal(size=rows),
        }
    )


class _Ranker(SimpleNamespace):
    """Scores by the price and its twin, and, of lists, by how long they are."""

    def score(self, rows):
        price, twin = (rows[name].to_numpy() for name in ("price", "twin"))
        for each, other in zip(rows["seen"].to_pylist(), rows["ages"].to_pylist(), strict=True):
            assert len(each) == len(other)  # Lists of one sequence stay together.
        value = (price + twin) / 2
        return {"ctr": (1 / (1 + np.exp(-value))).astype(np.float32), "value": value.astype(np.float32)}


RANKER = _Ranker(
    path=Path("exports/shop/3"),
    schema=SCHEMA,
    manifest=SimpleNamespace(tasks={"ctr": {}, "value": {}}),
    probabilities=["ctr", "value"],
)


@pytest.fixture(scope="module")
def found():
    return explain(RANKER, LogTables(SCHEMA, _log()), "data", ["user", "price+twin"], repeats=3)


def test_what_is_not_looked_at_loses_nothing_and_what_is_looked_at_loses_all(found):
    units = {unit.name: unit for unit in found.units}
    log = _log()
    whole = auc(log["click"], log["price"])
    assert found.values["ctr"]["all"] == pytest.approx(whole, abs=1e-6)
    paid = log[log["plan"] == "paid"]
    assert found.values["ctr"]["plan paid"] == pytest.approx(auc(paid["click"], paid["price"]), abs=1e-6)
    assert found.metrics == {"ctr": "auc", "value": "xauc"}
    for name in ("hour", "city", "seen", "user"):
        assert units[name].losses["ctr"]["all"] == Loss(0, 0, 0)
    both = units["price+twin"].losses
    for output in ("ctr", "value"):
        # By chance alone: an AUC of a half.
        assert found.values[output]["all"] - both[output]["all"].mean == pytest.approx(0.5, abs=0.05)
    # Either alone costs less, since its twin stays.
    assert 0 < units["price"].losses["ctr"]["all"].mean < 0.7 * both["ctr"]["all"].mean
    assert units["seen"].columns == ("seen", "ages") and "ages" not in units
    assert [unit.name for unit in found.units[:2]] == ["price+twin", "user"]
    assert [unit.name for unit in found.units[2:4]] in (["price", "twin"], ["twin", "price"])


def test_a_feature_made_of_the_outcome_is_named(found):
    assert found.giveaways == {"city": {"ctr": 1.0}}
    assert list(giveaway_lines(found)) == ["city alone has ctr AUC 1.0000: is it known before the outcome?"]


def test_tables_and_json_say_the_same(found):
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    for table in explanation_tables(found):
        console.print(table)
    text = console.export_text()
    loss = found.units[0].losses["ctr"]["all"]
    assert f"{loss.mean:.4f} ± {loss.high - loss.mean:.4f}" in text and "plan paid" in text and "value, XAUC" in text
    content = json.loads(json_text(found.to_json()))
    assert content["units"][0]["losses"]["ctr"]["all"]["mean"] == pytest.approx(loss.mean)
    assert content["rows"] == ROWS and content["repeats"] == 3


def test_the_same_seed_says_the_same():
    asked = (RANKER, LogTables(SCHEMA, _log()), "data", ["price+twin"])
    one, other, third = (explain(*asked, rows=100, repeats=2, seed=seed) for seed in (1, 1, 2))
    assert one == other != third and one.rows == 100


def test_an_interval_by_hand():
    # Mean 2, standard deviation 1, t of 2 degrees of freedom 4.302653.
    found = Loss.of([1, 2, 3])
    assert found.mean == 2 and found.high - 2 == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6) == 2 - found.low
    assert math.isnan(Loss.of([1, math.nan]).mean) and Loss.of([1, math.nan]).to_json()["low"] is None


def test_every_row_is_as_likely_to_be_drawn():
    table = pa.Table.from_pandas(_log(1000), preserve_index=False)
    places = []
    for seed in range(30):
        drawn = SampledRows.draw(LogTables(SCHEMA, table), SCHEMA, "data", 100, seed)
        hours = drawn.table["hour"].to_numpy()
        found = np.flatnonzero(np.isin(table["hour"].to_numpy().astype(np.float32), hours))
        assert len(found) == 100 and len(np.unique(found)) == 100
        places.append(found.mean())
    assert np.mean(places) == pytest.approx(500, abs=30)


def test_a_feature_alone_is_not_judged_by_its_own_rows():
    random = np.random.default_rng(0)
    labels = random.integers(0, 2, 2000).astype(np.float32)
    outcome = Outcome(np.ones(2000, bool), labels, np.zeros(2000, np.float32))
    # A value of its own for every row tells nothing of another row.
    own = pa.chunked_array([pa.array([f"v{each}" for each in range(2000)])])
    assert alone(Column(kind="category", role="user"), own, outcome) == 0.5
    # Missing exactly where it came: that tells all.
    holes = pa.chunked_array([pa.array(np.where(labels == 1, np.nan, 1.0), from_pandas=True)])
    assert alone(Column(kind="number", role="user"), holes, outcome) == 1
    nothing = Outcome(np.ones(4, bool), np.ones(4, np.float32), np.zeros(4, np.float32))
    assert math.isnan(alone(Column(kind="number", role="user"), pa.chunked_array([[1.0, 2, 3, 4]]), nothing))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"groups": ["itme"]}, "`group` itme: itme is no feature; name a role"),
        ({"groups": ["price+click"]}, "`group` price[+]click: click is no feature"),
        ({"repeats": 1}, "`repeats` is at least 2"),
        ({"rows": 0}, "`rows` at least 1"),
    ],
)
def test_calls_that_can_never_work(changes, fault):
    with pytest.raises(UsageError, match=fault):
        explain(RANKER, LogTables(SCHEMA, _log(20)), "data", **changes)
