"""From a raw log without counters to scores of the next day: with a state, and as if that day had been prepared."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tfelc
from tests.support.command import call
from tests.support.scored import scores
from tests.support.training import SETTINGS
from tfelc.core.errors import DataError
from tfelc.data.dataset import Dataset
from tfelc.data.log_preparation import prepare
from tfelc.ranker.scoring.scoring_job import JobSettings, ScoringJob

_DAY = 86_400_000_000
_BEGIN = 1_650_844_800_000_000
_SCHEMA: dict[str, Any] = {
    "name": "feed",
    "user_key": "user",
    "split": {"by": "time", "validation": 0.2, "test": 0.2},
    "tasks": {"ctr": {"label": "click"}},
    "tables": {"item": {}},
    "columns": {
        "time": {"kind": "timestamp"},
        "click": {"kind": "label"},
        "user": {"kind": "id"},
        "row": {"kind": "id"},
        "item": {"kind": "category", "role": "item", "table": "item"},
    },
    "aggregates": {
        "visits": {"by": "user", "compute": "count", "window": 2},
        "rate": {"by": "user", "compute": "rate", "of": "click"},
        "item_rate": {"by": "item", "compute": "rate", "of": "click", "smoothing": 2},
        "away": {"by": "user", "compute": "since"},
        "clicked": {"by": "user", "compute": "last", "of": "item", "where": "click", "length": 5},
    },
}


def _log(days: int) -> pa.Table:
    rng = np.random.default_rng(3)
    count = 150 * days
    user, item = rng.integers(0, 20, count), rng.integers(0, 12, count)
    table = {
        "time": np.sort(_BEGIN + rng.integers(0, days * _DAY, count)),
        "click": (rng.random(count) < (user + item) / 32).astype(np.int8),
        "user": user,
        "row": np.arange(count),
        "item": item.astype(str),
    }
    return pa.table(table)


@pytest.fixture(scope="module")
def log() -> pa.Table:
    return _log(7)


@pytest.fixture(scope="module")
def earlier(log: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("feed") / "data"
    prepare(tfelc.Schema.load(_SCHEMA), log.filter(_before(log, 6)), out)
    return out


@pytest.fixture(scope="module")
def ranker(earlier: Path) -> tfelc.Ranker:
    return tfelc.Ranker(_SCHEMA, settings=SETTINGS).fit(earlier, progress=False)


@pytest.fixture(scope="module")
def tomorrow(log: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> tuple[pa.Table, pa.Table]:
    """The candidates of the last day, and the same as they are prepared."""
    out = tmp_path_factory.mktemp("feed") / "whole"
    prepare(tfelc.Schema.load(_SCHEMA), log, out)
    files = [path for split in ("train", "validation", "test") for path in Dataset(out).files(split)]
    whole = pa.concat_tables([pq.read_table(path) for path in files])
    last = log.filter(pa.array(~_before(log, 6).to_numpy(zero_copy_only=False)))
    return last.drop_columns(["click"]), whole.slice(len(whole) - len(last))


def _before(log: pa.Table, days: int) -> pa.Array:
    return pa.array(log["time"].to_numpy() < _BEGIN + days * _DAY)


def test_predict_with_a_state(ranker: tfelc.Ranker, earlier: Path, tomorrow: tuple[pa.Table, pa.Table]) -> None:
    candidates, whole = tomorrow
    assert candidates["row"].equals(whole["row"])
    found = ranker.predict(candidates.to_pandas(), state=earlier / "state")
    pd.testing.assert_frame_equal(found, ranker.predict(whole))
    assert found["ctr"].nunique() > 50
    with pytest.raises(DataError, match="column `visits` is missing"):
        ranker.predict(candidates)


def test_score_with_a_state(
    ranker: tfelc.Ranker, earlier: Path, tomorrow: tuple[pa.Table, pa.Table], tmp_path: Path
) -> None:
    candidates, whole = tomorrow
    version = ranker.export(tmp_path / "exports")
    pq.write_table(candidates, tmp_path / "candidates.parquet")
    pq.write_table(whole, tmp_path / "whole.parquet")
    answer = call(
        "score", "--model", version, "--input", tmp_path / "candidates.parquet", "--output", tmp_path / "joined",
        "--state", earlier / "state", "--keep", "item",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    settings = JobSettings(version, (str(tmp_path / "whole.parquet"),), str(tmp_path / "prepared"), keep=("item",))
    ScoringJob(settings).run()
    assert scores(tmp_path / "joined").equals(scores(tmp_path / "prepared"))
    answer = call(
        "score", "--model", version, "--input", tmp_path / "candidates.parquet", "--state", tmp_path, "--dry-run"
    )
    assert answer.code == 1 and "state.json: no such file; a state is the folder `state` of a dataset" in answer.err


def test_rows_to_validate_on_see_those_before_them(log: pa.Table) -> None:
    """A log for training and one for validation are one log to the aggregates."""
    before = _before(log, 5)
    train, later = log.filter(before), log.filter(pa.array(~before.to_numpy(zero_copy_only=False)))
    fitted = tfelc.Ranker(_SCHEMA, settings=SETTINGS).fit(train, validation=later, progress=False)
    data = fitted.run.dataset()
    test = pa.concat_tables([pq.read_table(path) for path in data.files("test")])
    assert test.equals(pa.concat_tables([pq.read_table(path) for path in data.files("validation")]))
    whole = log.to_pandas()
    row = test.slice(100, 1).to_pylist()[0]
    day = (row["time"] - _BEGIN) // _DAY
    days = (whole["time"] - _BEGIN) // _DAY
    assert row["visits"] == ((whole["user"] == row["user"]) & (days < day) & (days >= day - 2)).sum()
