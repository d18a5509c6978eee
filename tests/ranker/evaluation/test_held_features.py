"""GAUC where user features vary among rows that are ranked together: ten rows, worked out by hand."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from rich.console import Console

from tests.support.schema_of import schema_of
from tfelc.data.split_tables import LogTables, SplitTables
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.ranker.evaluation.bootstrap import paired_bootstrap
from tfelc.ranker.evaluation.comparison import compare
from tfelc.ranker.evaluation.evaluation import evaluate
from tfelc.ranker.evaluation.held_features import HeldFeatures, held_result
from tfelc.ranker.evaluation.predictions import Predictions, predict_split
from tfelc.ranker.evaluation.tables import metrics_table
from tfelc.schema.schema import Schema

# On the first day a clicks all that is shown, so that a's rate is higher on the second: what a sees then scores more,
# whatever it is. The earliest row of a is not the first one here. The score is rate + item / 10.
_ROWS = [
    # user, hour, y, rate, item
    ("a", 26, 0, 0.5, 1),  # .6, with the rate held .1
    ("a", 27, 0, 0.5, 2),  # .7, .2
    ("a", 28, 1, 0.5, 5),  # 1., .5
    ("a", 1, 1, 0.0, 3),  # .3, .3
    ("a", 2, 1, 0.0, 4),  # .4, .4
    ("b", 3, 1, 0.2, 1),  # .3
    ("b", 4, 0, 0.2, 2),  # .4
    ("b", 26, 1, 0.2, 3),  # .5
    ("b", 27, 0, 0.2, 4),  # .6
    ("b", 28, 0, 0.2, 5),  # .7
]
# Of a's six pairs only those with the score of 1 are in order, 2/6; held, all of them. Of b's six, .5 over .4: 1/6.
_PLAIN = (5 * 2 / 6 + 5 * 1 / 6) / 10
_HELD = (5 * 1 + 5 * 1 / 6) / 10
# The first day of a has one class, that of b a pair in the wrong order. On the second day a has 1, in three rows, b 0.
_BY_DAY = (3 * 1 + 2 * 0 + 3 * 0) / 8


def _schema(request_key: str | None = None) -> Schema:
    columns = {
        "user": {"kind": "id", "type": "string"},
        "time": {"kind": "timestamp"},
        "rate": {"kind": "number", "role": "activity"},
        "city": {"kind": "category", "role": "user"},
        "seen": {"kind": "list", "role": "user"},
        "item": {"kind": "number", "role": "item"},
    }
    return schema_of(columns, user_key="user", request_key=request_key, timezone="Asia/Shanghai")


def _table() -> pa.Table:
    users, hours, labels, rates, items = zip(*_ROWS, strict=True)
    begin = 1_650_816_000  # Midnight of 25 April 2022 in Shanghai, in seconds.
    return pa.table(
        {
            "user": list(users),
            "time": [begin + 3600 * hour for hour in hours],
            "y": list(labels),
            "rate": list(rates),
            "city": ["x", "x", "x", "x", "x", None, None, None, None, None],
            "seen": [["i"], ["i"], ["i"], ["i"], ["i"], [], [], [], [], []],
            "item": list(items),
        }
    )


def _predict(rows: SplitTables, schema: Schema) -> Predictions:
    def answer(table: pa.Table) -> dict[str, Any]:
        return {"probabilities": {"t": (table["rate"].to_numpy() + table["item"].to_numpy() / 10).astype(np.float32)}}

    return predict_split(rows, "test", schema, schema.tasks, ["t"], answer)


def _result(schema: Schema) -> EvaluationResult:
    rows = LogTables(schema, _table())
    held = held_result(rows, schema, "test", lambda other: _predict(other, schema))
    return evaluate(_predict(rows, schema), "test", held=held)


def test_within_users() -> None:
    result = _result(_schema())
    assert result.metrics["t"]["gauc"] == pytest.approx(_PLAIN) == pytest.approx(0.25)
    assert result.held is not None and (result.held.within, result.held.features) == ("user", ["rate"])
    assert result.held.gauc["t"] == pytest.approx(_HELD)
    assert EvaluationResult.from_json(result.to_json()) == result


def test_within_users_and_days() -> None:
    result = _result(_schema("user_and_day"))
    assert result.metrics["t"]["gauc"] == pytest.approx(_BY_DAY) == pytest.approx(0.375)
    assert result.metrics["t"]["gauc_coverage"] == pytest.approx(0.8)
    assert result.held is not None and (result.held.within, result.held.features) == ("user_and_day", [])


def test_what_is_printed() -> None:
    console = Console(width=200, record=True, quiet=False, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(metrics_table(_result(_schema())))
    text = console.export_text()
    assert "GAUC, held" in text and "0.2500" in text and "0.5833" in text
    assert "within one user these user features vary: rate" in text
    console.print(metrics_table(_result(_schema("user_and_day"))))
    assert "held" not in console.export_text()


def test_lists_and_missing_values_that_vary_are_found_and_held() -> None:
    table = _table()
    table = table.set_column(table.column_names.index("city"), "city", pa.array([None, *["x"] * 9]))
    table = table.set_column(table.column_names.index("seen"), "seen", pa.array([["j"], *[["i"]] * 4, *[[]] * 5]))
    schema = _schema()
    held = HeldFeatures(LogTables(schema, table), schema, "test")
    assert held.names == ["rate", "city", "seen"]
    (rows,) = held.tables("test", ["city", "seen", "item"])
    assert rows["city"].to_pylist()[0] == "x" and rows["seen"].to_pylist()[0] == ["i"]
    assert rows["item"].to_pylist() == [float(row[-1]) for row in _ROWS]


def test_rows_whose_user_is_not_known_keep_their_own_values() -> None:
    schema = _schema()
    schema = schema.model_copy(
        update={"columns": {**schema.columns, "user": schema.columns["city"].model_copy(update={"role": "item"})}}
    )
    table = _table().set_column(0, "user", pa.array([None, None, "a", "a", "a", *["b"] * 5]))
    (rows,) = HeldFeatures(LogTables(schema, table), schema, "test").tables("test", ["rate"])
    assert rows["rate"].to_pylist()[:5] == pytest.approx([0.5, 0.5, 0.0, 0.0, 0.0])


def test_intervals_are_of_the_same_gauc() -> None:
    schema = _schema("user_and_day")
    own = _predict(LogTables(schema, _table()), schema)
    zeros = np.zeros(10)
    assert own.users is not None
    found = paired_bootstrap(
        own.outcomes["t"].labels, zeros, own.outcomes["t"].probabilities, own.users, "gauc", requests=own.requests
    )
    assert found.difference == pytest.approx(_BY_DAY - 0.5)
    assert compare(own, own, replicates=10).differences["t"]["gauc"].difference == 0


def test_a_column_that_names_the_request() -> None:
    schema = _schema()
    schema = schema.model_copy(update={"request_key": "city"})
    own = _predict(LogTables(schema, _table()), schema)
    # All of b's rows have none, so only a's are ranked together.
    assert evaluate(own, "test").metrics["t"]["gauc"] == pytest.approx(2 / 6)
    assert evaluate(own, "test").metrics["t"]["gauc_coverage"] == pytest.approx(0.5)
