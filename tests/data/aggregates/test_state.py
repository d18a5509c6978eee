"""The state of some days gives the candidates of the next day what preparing that day would have."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.schema_of import schema_of
from tfelc.core.errors import DataError
from tfelc.data.aggregates.state import AggregateState
from tfelc.data.dataset import Dataset
from tfelc.data.log_preparation import prepare
from tfelc.data.splits import SPLITS
from tfelc.schema.schema import Schema

_DAY, _MINUTE = 86_400_000, 60_000
_ZONE = "Asia/Shanghai"
_BEGIN = 1_650_816_000_000  # Midnight of 25 April 2022 in Shanghai, in milliseconds.
_AGGREGATES: dict[str, Any] = {
    "count": {"by": "user", "compute": "count", "window": 2},
    "clicks": {"by": ["user", "item"], "compute": "count", "where": "y"},
    "rate": {"by": "user", "compute": "rate", "of": "y", "smoothing": 3},
    "rate_live": {"by": "item", "compute": "rate", "of": "y", "window": 1, "delay": 10},
    "rate_prior": {"by": "item", "compute": "rate", "of": "y", "prior": 0.2},
    "rate_plain": {"by": "item", "compute": "rate", "of": "y", "smoothing": 0, "window": 1},
    "distinct": {"by": "user", "compute": "distinct", "of": "item", "window": 3},
    "since": {"by": "user", "compute": "since", "where": "y", "window": 2},
    "last": {"by": "user", "compute": "last", "of": "item", "where": "y", "length": 4},
    "last_two_days": {"by": "item", "compute": "last", "of": "user", "length": 50, "window": 2},
}


def _schema() -> Schema:
    columns = {
        "user": {"kind": "id"},
        "item": {"kind": "category", "role": "item"},
        "time": {"kind": "timestamp"},
        "split": {"kind": "group"},
        "row": {"kind": "id"},
    }
    return schema_of(
        columns, user_key="user", timezone=_ZONE, split={"by": "column", "column": "split"}, aggregates=_AGGREGATES
    )


def _log(days: int) -> pa.Table:
    rng = np.random.default_rng(1)
    count = 400 * days
    time = np.arange(count) // 400 * _DAY + rng.integers(0, 200, count) * _DAY // 200 + _BEGIN
    # Of some rows of each day it is the first moment, less a delay of ten minutes.
    time[::40] = np.arange(count)[::40] // 400 * _DAY + _BEGIN + 10 * _MINUTE
    users = rng.integers(0, 30, count) + np.arange(count) // 400 * 2  # New users come with each day.
    return pa.table(
        {
            "user": pa.array(users),
            "item": pa.array(rng.integers(0, 25, count).astype(str), mask=rng.random(count) < 0.03),
            "time": time,
            "y": rng.integers(0, 2, count).astype(np.int8),
            "split": np.array(SPLITS)[rng.integers(0, 3, count)],
            "row": np.arange(count),
        }
    )


@pytest.fixture(scope="module")
def log() -> pa.Table:
    return _log(6)


@pytest.fixture(scope="module")
def earlier(log: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """The first five days."""
    out = tmp_path_factory.mktemp("state") / "earlier"
    prepare(_schema(), log.slice(0, 2000), out)
    return Dataset(out)


def _rows(dataset: Dataset) -> pa.Table:
    return pa.concat_tables([pq.read_table(path) for split in SPLITS for path in dataset.files(split)]).sort_by("row")


def test_candidates_of_the_next_day_get_what_preparing_it_gives(
    log: pa.Table, earlier: Dataset, tmp_path: Path
) -> None:
    schema = _schema()
    prepare(schema, log, tmp_path / "whole")
    whole = _rows(Dataset(tmp_path / "whole"))
    assert whole.slice(0, 2000).equals(_rows(earlier))
    expected = whole.slice(2000)
    state = AggregateState(earlier.path / "state", schema)
    assert state.as_of == "2022-04-30" and list(state.columns) == ["user", "item", "time"]
    found = state.added_to(expected.select(["user", "item", "time"]))
    for name, aggregate in schema.aggregates.items():
        # With a delay of minutes the state is that of the first moment of the day, which only some rows ask at.
        rows = slice(None) if aggregate.delay == "day" else slice(0, None, 40)
        assert found[name].to_pylist()[rows] == expected[name].to_pylist()[rows], name
    assert expected["count"].to_pylist().count(0) > 0 and expected["item"].null_count > 0


def test_what_is_written_is_what_a_serving_store_needs(earlier: Dataset) -> None:
    folder = earlier.path / "state"
    assert sorted(path.name for path in folder.iterdir()) == [
        "item.parquet", "state.json", "user+item.parquet", "user.parquet"
    ]  # fmt: skip
    users = pq.read_table(folder / "user.parquet")
    assert users.column_names == ["user", "count", "rate", "distinct", "since", "last"]
    assert users["user"].to_pylist() == sorted(users["user"].to_pylist())
    assert users.schema.field("since").type == pa.int64()  # The time itself, in the log's own unit.
    assert _BEGIN + 3 * _DAY <= max(users["since"].drop_null().to_pylist()) < _BEGIN + 5 * _DAY
    content = json.loads((folder / "state.json").read_text())
    assert content["as_of"] == "2022-04-30" and content["begins"] == _BEGIN + 5 * _DAY and content["unit"] == "ms"
    unseen = content["unseen"]
    rows = _rows(earlier)
    assert unseen["rate"] == pytest.approx(np.mean(rows["y"].to_numpy()))
    assert (unseen["count"], unseen["rate_prior"], unseen["rate_plain"], unseen["last"]) == (0, 0.2, None, None)


def test_what_does_not_fit_is_refused(earlier: Dataset, tmp_path: Path) -> None:
    schema, folder = _schema(), earlier.path / "state"
    rows = pa.table({"user": [1], "item": ["1"], "time": [_BEGIN + 5 * _DAY - 1]})
    with pytest.raises(DataError, match="state is for 2022-04-30 and later; a row .* would see its future"):
        AggregateState(folder, schema).added_to(rows)
    with pytest.raises(DataError, match="no such file; a state is the folder `state` of a dataset"):
        AggregateState(tmp_path, schema)
    other = {**_AGGREGATES, "count": {"by": "user", "compute": "count", "window": 3}}
    changed = schema.model_copy(update={"aggregates": schema_of({"user": {"kind": "id"}, "item": {"kind": "category",
        "role": "item"}, "time": {"kind": "timestamp"}}, aggregates=other).aggregates})  # fmt: skip
    with pytest.raises(DataError, match="aggregate `count` of the model's schema is not the state's; prepare anew"):
        AggregateState(folder, changed)
    with pytest.raises(DataError, match="its days are of Asia/Shanghai, the model's of UTC; prepare anew"):
        AggregateState(folder, schema.model_copy(update={"timezone": "UTC"}))
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "state.json").write_text("{}")
    with pytest.raises(DataError, match="not a readable state"):
        AggregateState(broken, schema)


def test_a_day_that_the_time_zone_shortens_is_a_day(tmp_path: Path) -> None:
    """On 27 March 2022 Berlin has 23 hours: half past midnight of the 28th is a day after noon of the 27th."""
    times = [1_648_375_200_000, 1_648_420_200_000, 1_648_420_200_000]
    schema = schema_of(
        {"user": {"kind": "id"}, "time": {"kind": "timestamp"}, "split": {"kind": "group"}},
        user_key="user",
        timezone="Europe/Berlin",
        split={"by": "column", "column": "split"},
        aggregates={"n": {"by": "user", "compute": "count"}},
    )
    log = pa.table({"user": [1, 1, 1], "time": times, "split": list(SPLITS), "y": [1, 0, 1]})
    prepare(schema, log, tmp_path / "out")
    found = Dataset(tmp_path / "out")
    assert [pq.read_table(found.files(split)[0])["n"].to_pylist() for split in SPLITS] == [[0], [1], [1]]
    assert json.loads((tmp_path / "out/state/state.json").read_text())["begins"] == 1_648_504_800_000
