"""A log of six rows, by hand: what is an outcome, what is none, and what nobody knows yet."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from tests.support.late_log import BEGIN, DAY, late_log, late_schema
from tfelc.core.errors import DataError, SchemaError
from tfelc.data.dataset import Dataset
from tfelc.data.delays.delay_curve import DelayCurve
from tfelc.data.delays.delay_lines import delay_lines
from tfelc.data.delays.delay_survey import DelaySurvey
from tfelc.data.delays.mature_rows import mature_rows
from tfelc.data.log_preparation import prepare
from tfelc.data.split_tables import LogTables
from tfelc.ranker.data.prepare_splits import prepare_splits
from tfelc.schema.schema import Schema

# Day of the row, whether it was clicked, day of its order. The log ends on day 20: that of day 13 is just mature.
ROWS = ((0, 1, 7), (1, 1, 9), (2, 1, None), (13, 0, None), (14, 1, 15), (15, 1, None), (20, 1, None))
WANTED = [1, 0, 0, 0, None, None, None]


def _frame(rows: tuple[tuple[int, int, int | None], ...] = ROWS) -> pd.DataFrame:
    days, clicks, orders = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "time": [BEGIN + day * DAY for day in days],
            "click": clicks,
            "order": [int(day is not None) for day in orders],
            "ordered_at": pd.array([None if day is None else BEGIN + day * DAY for day in orders], "Int64"),
            "user": range(len(rows)),
            "visits": 1.0,
            "price": 2.0,
        }
    )


def _orders(schema: Schema, frame: pd.DataFrame) -> list[int | None]:
    (rows,) = LogTables(schema, frame).tables("data", ["price", "order"])
    assert rows.column_names == ["price", "order"]
    return rows["order"].to_pylist()


@pytest.mark.parametrize("immature", ["drop", "weight"])
def test_a_log_that_is_judged_knows_the_outcomes_of_mature_rows_alone(immature: str) -> None:
    assert _orders(late_schema(immature), _frame()) == WANTED


def test_the_log_goes_on_as_long_as_its_outcomes() -> None:
    assert _orders(late_schema(), _frame(((0, 1, 1), (6, 1, 11), (8, 1, None))))[:2] == [1, None]
    assert _orders(late_schema(), _frame(((0, 1, 1), (6, 1, 13), (8, 1, None))))[:2] == [1, 1]


def test_times_may_come_in_units_and_types_of_their_own() -> None:
    frame = _frame()
    milliseconds = frame.assign(time=frame["time"] * 1000)
    moments = frame.assign(
        time=pd.to_datetime(frame["time"], unit="s", utc=True),
        ordered_at=pd.to_datetime(frame["ordered_at"], unit="s").dt.tz_localize("UTC").dt.tz_convert("Asia/Shanghai"),
    )
    floats = frame.assign(ordered_at=frame["ordered_at"].astype(float))
    texts = frame.assign(
        ordered_at=[None if pd.isna(each) else pd.Timestamp(each, unit="s").isoformat() for each in frame["ordered_at"]]
    )
    for log in (milliseconds, moments, floats, texts):
        assert _orders(late_schema(), log) == WANTED


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"order": 0}, "column `ordered_at`, row 1: an event_time must be null where `order` is not 1"),
        ({"ordered_at": None}, "column `ordered_at`, row 1: an event_time must not be null where `order` is 1"),
        ({"ordered_at": BEGIN - 1}, "column `ordered_at`, row 1: `order` cannot have come before `time`"),
        ({"ordered_at": 17}, "column `ordered_at`: aggregates and delays need times since 1970"),
        ({"order": None}, "column `order`, row 1: a label must not be null where `click` is 1"),
    ],
)
def test_an_outcome_and_its_time_must_fit(changes: dict[str, int | None], fault: str, tmp_path: Path) -> None:
    frame = _frame().astype({"order": "Int64"})
    for name, value in changes.items():
        frame.loc[0, name] = pd.NA if value is None else value
    with pytest.raises(DataError, match=fault):
        prepare(late_schema(), frame, tmp_path / "data")
    with pytest.raises(DataError, match=fault.partition("row 1: ")[2] or fault):
        list(LogTables(late_schema(), frame).tables("data", ["click", "order"]))
    assert not (tmp_path / "data").exists()


def test_a_label_without_its_condition_may_be_null_and_is_then_0_once_mature() -> None:
    frame = _frame().astype({"order": "Int64"})
    frame.loc[3, "order"] = pd.NA
    assert _orders(late_schema(), frame) == WANTED


def test_training_keeps_young_rows_where_weights_are_asked_for(tmp_path: Path) -> None:
    frame = late_log()
    age = frame["time"].max() - frame["time"]
    for immature in ("drop", "weight"):
        prepare(late_schema(immature), frame, tmp_path / immature)
        data = Dataset(tmp_path / immature)
        said = data.manifest.metadata["delays"]["order"]
        assert sum(said["mature"].values()) == (age >= 7 * DAY).sum()
        assert sum(said["young"].values()) == (age < 7 * DAY).sum()
        late = frame["ordered_at"] - frame["time"] > 7 * DAY
        assert sum(said["later"].values()) == (late & (age >= 7 * DAY)).sum() > 0
        assert said["observed_until"]["train"] == frame["time"].max() * 1_000_000
        unknown = data.manifest.metadata["unknown_labels"]["order"]
        assert unknown == {split: said["young"][split] - said["weighted"][split] for split in said["young"]}
        assert (said["weighted"]["train"] > 0.95 * said["young"]["train"]) == (immature == "weight")
        assert said["weighted"]["validation"] == said["weighted"]["test"] == 0
        (line,) = delay_lines(data.manifest)
        assert f"{said['young']['train']:,} train" in line and ("weighted" in line) == (immature == "weight")


def test_two_logs_end_each_by_itself(tmp_path: Path) -> None:
    train = late_log()
    later = late_log(seed=1).assign(time=lambda frame: frame["time"] + 30 * DAY, ordered_at=pd.NA, order=0)
    data = prepare_splits(late_schema("weight"), train, later, tmp_path / "data", 0, False)
    said = data.manifest.metadata["delays"]["order"]
    assert said["observed_until"]["train"] == train["time"].max() * 1_000_000
    assert said["observed_until"]["test"] == later["time"].max() * 1_000_000
    assert said["weighted"]["train"] > 0 == said["weighted"]["validation"]
    assert said["mature"]["test"] == (later["time"].max() - later["time"] >= 7 * DAY).sum()


def test_too_few_mature_outcomes_are_refused_for_weights(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="rows that are 7 days old have 1 outcomes, .* `immature: weight` needs 100"):
        prepare(late_schema("weight"), _frame(), tmp_path / "data")


def test_a_dataset_is_of_the_delay_that_it_was_prepared_with(tmp_path: Path) -> None:
    prepare(late_schema(), late_log(), tmp_path / "data")
    path = tmp_path / "data" / "schema.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in (("window: 7", "window: 3"), ("window: 7", "window: 7\n      immature: weight")):
        path.write_text(text.replace(old, new), encoding="utf-8")
        with pytest.raises(DataError, match="label `order` with `delay: .* and was prepared with .* prepare"):
            Dataset(tmp_path / "data")
    path.write_text(text, encoding="utf-8")
    data = Dataset(tmp_path / "data")
    data.check(late_schema("weight"))  # It judges mature rows alike.
    plain = late_schema(tasks={"cvr": {"label": "order"}})
    with pytest.raises(DataError, match="label `order` without a `delay` there"):
        data.check(plain)


def test_an_aggregate_counts_the_outcomes_of_the_window(tmp_path: Path) -> None:
    aggregates = {"orders": {"by": "user", "compute": "count", "where": "order", "delay": 7 * 24 * 60}}
    frame = _frame().assign(user=[1, 1, 1, 2, 1, 1, 1])
    schema = late_schema(aggregates=aggregates, split={"by": "column", "column": "fold"})
    frame["fold"] = ["train", "train", "train", "validation", "test", "test", "train"]
    prepare(schema, frame, tmp_path / "data")
    tables = [pa.concat_tables(Dataset(tmp_path / "data").tables(split, ["orders"])) for split in ("train", "test")]
    # The order of day 9 came 8 days after its row; the one of day 15 is of a row that is younger than 7 days.
    assert [table["orders"].to_pylist() for table in tables] == [[0, 0, 0, 1], [1, 1]]


def test_a_time_with_a_fraction_makes_all_of_them_seconds(tmp_path: Path) -> None:
    frame = late_log()
    frame["ordered_at"] = frame["ordered_at"].astype(float) + 0.5
    prepare(late_schema(), frame, tmp_path / "data")
    said = Dataset(tmp_path / "data").manifest.metadata["delays"]["order"]
    assert sum(said["mature"].values()) == (frame["time"].max() - frame["time"] >= 7 * DAY).sum()


def test_rows_in_memory_are_held_against_their_own_end() -> None:
    schema = late_schema()
    frame = _frame().assign(time=lambda each: each["time"] * 1_000_000)
    frame = frame[["time", "click", "order", "ordered_at"]].astype({"click": "int8", "order": "int8"})
    rows = pa.Table.from_pandas(frame, preserve_index=False)
    assert mature_rows(schema, rows, "outcomes")["order"].to_pylist() == WANTED
    broken = rows.set_column(2, "order", pa.array([0] * 7))
    with pytest.raises(DataError, match="outcomes: column `ordered_at`, row 1: "):
        mature_rows(schema, broken, "outcomes")


def test_the_curve_is_that_of_mature_rows_and_stays_small() -> None:
    lags = np.random.default_rng(0).exponential(3, 50_000) * DAY * 1e6
    curve = DelayCurve.of(lags.astype(np.int64))
    assert len(curve.steps) == 1000
    ages = np.array([0, 1, 3, 7]) * DAY * 1_000_000
    np.testing.assert_allclose(curve.shares(ages), 1 - np.exp(-np.array([0, 1, 3, 7]) / 3), atol=0.01)

    schema, frame = late_schema("weight"), late_log(40_000)
    rows = pa.Table.from_pandas(frame[["time", "ordered_at"]], preserve_index=False)
    found = DelaySurvey(schema, "log").see([rows.slice(0, 15_000), rows.slice(15_000)]).curve("order")
    wanted = (1 - np.exp(-np.array([1, 3, 7]) / 3)) / (1 - np.exp(-7 / 3))  # of those that come within the window
    np.testing.assert_allclose(found.shares(ages[1:]), wanted, atol=0.03)


def test_there_is_no_delay_without_a_window() -> None:
    with pytest.raises(SchemaError, match=r"`tasks.cvr.delay.window`"):
        late_schema(tasks={"cvr": {"label": "order", "delay": {"event_time": "ordered_at"}}})


def test_a_split_that_is_too_young_to_be_judged_is_told_once(tmp_path: Path) -> None:
    prepare(late_schema(split={"by": "time"}), late_log(), tmp_path / "data")
    warnings = Dataset(tmp_path / "data").manifest.metadata["warnings"]
    (line,) = [line for line in warnings if "order" in line or "cvr" in line]
    assert "is known in no row of validation and test, none of which is 7 days old when the log ends" in line
