"""Aggregates are what plain Python makes of the same rows, and no row moves those of an earlier one."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.aggregate_reference import Row, reference
from tests.support.schema_of import schema_of
from tfelc.core.errors import DataError
from tfelc.data.aggregates.aggregation import Aggregation
from tfelc.data.contract import arrow_type
from tfelc.schema.schema import Schema

_COLUMNS = {
    "z": {"kind": "label"},
    "user": {"kind": "id"},
    "item": {"kind": "category", "role": "item"},
    "time": {"kind": "timestamp"},
}
_DAY, _MINUTE = 86_400_000_000, 60_000_000
_BEGIN = 1_650_000_000_000_000 // _DAY * _DAY
_ZONE = "America/New_York"
_ALL = {
    "count": {"by": "user", "compute": "count"},
    "count_where": {"by": ["user", "item"], "compute": "count", "where": ["y", "z"], "window": 1},
    "count_live": {"by": "user", "compute": "count", "where": "y", "window": 1, "delay": 0},
    "count_train": {"by": "item", "compute": "count", "rows": "train", "delay": 5},
    "rate": {"by": "user", "compute": "rate", "of": "y", "smoothing": 2},
    "rate_both": {"by": "item", "compute": "rate", "of": ["y", "z"], "window": 7, "delay": 600},
    "rate_prior": {"by": "item", "compute": "rate", "of": "y", "where": "z", "prior": 0.1, "smoothing": 0.3},
    "rate_plain": {"by": "user", "compute": "rate", "of": "y", "smoothing": 0, "rows": "train", "window": 2},
    "distinct": {"by": "user", "compute": "distinct", "of": "item", "window": 2},
    "distinct_live": {"by": "item", "compute": "distinct", "of": "user", "delay": 1, "where": "y"},
    "since": {"by": "user", "compute": "since", "where": "y"},
    "since_live": {"by": ["item", "user"], "compute": "since", "window": 1, "delay": 30},
    "last": {"by": "user", "compute": "last", "of": "item", "length": 3, "where": "y"},
    "last_live": {"by": "user", "compute": "last", "of": "item", "length": 2, "window": 1, "delay": 2},
    "last_users": {"by": "item", "compute": "last", "of": "user", "length": 4, "rows": "train", "window": 3},
}

# Few values, so that keys, times and days meet, borders of days and of delays among them.
_TIMES = st.sampled_from(
    [
        _BEGIN + day * _DAY + more
        for day in range(5)
        for more in (0, 1, _MINUTE, 4 * 3_600_000_000, 30 * _MINUTE, _DAY - 1)
    ]
)
_LABEL = st.sampled_from([0, 1, None])
_ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "time": _TIMES,
            "user": st.sampled_from([1, 2, 2**60, None]),
            "item": st.sampled_from(["a", "b", "", None]),
            "y": _LABEL,
            "z": _LABEL,
            "train": st.booleans(),
        }
    ),
    min_size=1,
    max_size=60,
)
_FEW = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _schema(aggregates: dict[str, Any]) -> Schema:
    return schema_of(_COLUMNS, user_key="user", timezone=_ZONE, aggregates=aggregates)


def _table(rows: list[Row], schema: Schema) -> pa.Table:
    return pa.table(
        {name: pa.array([row[name] for row in rows], arrow_type(schema.columns[name])) for name in ("y", *_COLUMNS)}
    )


def _found(schema: Schema, rows: list[Row], out: Path, threads: int = 1, pieces: int = 2) -> list[dict[str, Any]]:
    table, train = _table(rows, schema), np.array([row["train"] for row in rows])
    with Aggregation(schema, out, threads=threads) as aggregation:
        for part in np.array_split(np.arange(len(rows)), pieces):
            aggregation.add(table.take(part), train[part])
        found: list[dict[str, Any]] = aggregation.features().take(len(rows)).to_pylist()
    assert list(out.parent.iterdir()) == []
    return [{name: [] if name.startswith("last") and v is None else v for name, v in row.items()} for row in found]


@given(rows=_ROWS)
@_FEW
def test_they_are_what_plain_python_says(rows: list[Row], tmp_path: Path) -> None:
    schema = _schema(_ALL)
    found = _found(schema, rows, tmp_path / "out")
    for name, aggregate in schema.aggregates.items():
        expected = reference(rows, aggregate, _ZONE)
        for row, (one, other) in enumerate(zip((each[name] for each in found), expected, strict=True)):
            assert one == (pytest.approx(other, rel=1e-12) if isinstance(other, float) else other), (name, row)


@given(rows=_ROWS, future=_ROWS, place=st.integers(0, 59))
@_FEW
def test_what_comes_later_moves_nothing(rows: list[Row], future: list[Row], place: int, tmp_path: Path) -> None:
    """Rows at or after a row's time, less the delay, may be any others: the row's features stay."""
    row = rows[place % len(rows)]
    schema = _schema({name: {**one, "delay": 30} for name, one in _ALL.items()})
    end = row["time"] - 30 * _MINUTE
    others = [one for one in rows if one is not row and one["time"] < end]
    changed = [one for one in future if one["time"] >= end]
    before = _found(schema, [row, *(one for one in rows if one is not row)], tmp_path / "out")[0]
    after = _found(schema, [row, *others, *changed], tmp_path / "out")[0]
    assert before == after


@given(rows=_ROWS, seed=st.integers(0, 99))
@_FEW
def test_neither_order_nor_threads_nor_pieces_matter(rows: list[Row], seed: int, tmp_path: Path) -> None:
    schema = _schema(_ALL)
    order = np.random.default_rng(seed).permutation(len(rows))
    before = _found(schema, rows, tmp_path / "out")
    after = _found(schema, [rows[place] for place in order], tmp_path / "out", threads=4, pieces=3)
    assert [before[place] for place in order] == after


def test_a_larger_log_in_little_memory_and_by_any_number_of_threads(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    count = 150_000
    schema = _schema(_ALL)
    rows = pa.table(
        {
            "time": _BEGIN + rng.integers(0, 8 * 1440, count) * _MINUTE,
            "user": (rng.pareto(1, count) * 50).astype(np.int64) % 5_000,
            "item": pa.array(rng.integers(0, 900, count)).cast(pa.string()),
            "y": rng.integers(0, 2, count).astype(np.int8),
            "z": rng.integers(0, 2, count).astype(np.int8),
        }
    )
    found = []
    for threads in (1, 3):
        with Aggregation(schema, tmp_path / "out", threads=threads, memory="200MB") as aggregation:
            aggregation.add(rows, np.arange(count) < count // 2)
            features = aggregation.features()
            found.append(pa.concat_tables([features.take(size) for size in (1, 70_000, count - 70_001)]))
    assert found[0].equals(found[1])
    # New York is four hours behind in April.
    users, days = rows["user"].to_numpy(), (rows["time"].to_numpy() - 240 * _MINUTE) // _DAY
    for row in range(5):
        assert found[0]["count"][row].as_py() == np.sum((users == users[row]) & (days < days[row]))


def test_duckdb_draws_no_bar_beside_the_progress_of_prepare(tmp_path: Path) -> None:
    """DuckDB 2.0 would, on any output, for what takes more than 2 seconds."""
    schema = _schema({"n": {"by": "user", "compute": "count"}})
    with Aggregation(schema, tmp_path / "out") as aggregation:
        assert aggregation.fetch("SELECT current_setting('enable_progress_bar') AS shown").to_pylist() == [
            {"shown": False}
        ]


def test_times_of_two_units_are_refused(tmp_path: Path) -> None:
    schema = _schema({"n": {"by": "user", "compute": "count"}})
    rows = [{"time": _BEGIN // 1000, "user": 1, "item": "a", "y": 0, "z": 0, "train": True}]
    with Aggregation(schema, tmp_path / "out") as aggregation:
        aggregation.add(_table(rows, schema), np.array([True]))
        assert aggregation.clock.unit == "ms"
        with pytest.raises(DataError, match="b.csv: aggregates and delays need times .*, or not in ms as earlier ones"):
            aggregation.add(_table([{**rows[0], "time": _BEGIN}], schema), np.array([True]), "b.csv")
        with pytest.raises(DataError, match="between 1990 and 2100; these go from 20260101 to 20260101"):
            aggregation.add(_table([{**rows[0], "time": 20260101}], schema), np.array([True]))
    assert list(tmp_path.iterdir()) == []


def test_without_aggregates_nothing_is_made(tmp_path: Path) -> None:
    table = pa.table({"a": [1, 2]})
    with Aggregation(schema_of(_COLUMNS), tmp_path / "out") as aggregation:
        assert aggregation.features().added_to(table) is table
        assert list(tmp_path.iterdir()) == []
