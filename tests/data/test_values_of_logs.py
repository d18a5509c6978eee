"""Whole logs whose files write one thing in several ways."""

import warnings
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import DataError
from tfelc.data.conformed_log import conformed_tables
from tfelc.data.dataset import Dataset
from tfelc.data.log_preparation import prepare
from tfelc.data.splits import SPLITS
from tfelc.schema.schema import Schema

ROWS = 300
N = np.arange(ROWS)
ITEM = N % 20 + 1


def schema(columns: dict[str, dict[str, Any]], split: dict[str, Any] | None = None, **top: Any) -> Schema:
    content = {
        "name": "shop",
        "user_key": "user",
        "split": split or {"by": "row", "validation": 0.2, "test": 0.2},
        "tasks": {"ctr": {"label": "click"}},
        "columns": {
            "click": {"kind": "label"},
            "user": {"kind": "id", "type": "string"},
            "price": {"kind": "number", "role": "item"},
            **columns,
        },
    }
    return Schema.parse(content | top, "shop")


def rows(**columns: Any) -> dict[str, Any]:
    return {"click": N % 2, "user": N % 37, "price": N / 4, **columns}


def prepared(folder: Path, rule: Schema, *tables: dict[str, Any], csv: int = 0) -> dict[str, pd.DataFrame]:
    """Prepares tables, the first `csv` of them as text; the rows by split."""
    paths = []
    for number, table in enumerate(tables):
        if number < csv:
            paths.append(str(folder / f"{number}.csv"))
            pd.DataFrame(table).to_csv(paths[-1], index=False)
        else:
            paths.append(str(folder / f"{number}.parquet"))
            pq.write_table(pa.table(table), paths[-1])
    prepare(rule, paths, folder / "out")
    data = Dataset(folder / "out")
    return {split: pq.read_table(data.files(split)[0]).to_pandas(integer_object_nulls=True) for split in SPLITS}


def values(found: dict[str, pd.DataFrame], column: str) -> set[Any]:
    return set(pd.concat(found.values())[column].dropna())


def _new(folder: Path) -> Path:
    (folder / "new").mkdir()
    return folder / "new"


ITEMS = {"item": {"kind": "category", "role": "item"}}


@pytest.mark.parametrize(
    ("first", "second", "csv", "offset"),
    [
        (np.where(N % 10, ITEM, np.nan), ITEM, 2, 0),  # pandas writes 1.0 where there are gaps
        (np.where(N % 10, ITEM + 1e15, np.nan), ITEM + 10**15, 0, 10**15),
        (np.where(N % 10, ITEM + 1e15, np.nan), ITEM + 10**15, 1, 10**15),
        (
            pa.array([Decimal(int(i)) for i in ITEM], pa.decimal128(9, 0)),
            pa.array([Decimal(int(i)) for i in ITEM], pa.decimal128(9, 2)),
            0,
            0,
        ),
        (pa.array(ITEM.astype(str)).dictionary_encode(), pa.array(ITEM, pa.uint8()), 0, 0),
    ],
)
def test_one_whole_number_is_one_text_in_all_files(
    tmp_path: Path, first: Any, second: Any, csv: int, offset: int
) -> None:
    for kind in ({}, {"type": "integer"}):
        folder = tmp_path / (kind.get("type") or "string")
        folder.mkdir()
        columns = {"item": {**ITEMS["item"], **kind}}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            found = prepared(folder, schema(columns), rows(item=first), rows(item=second), csv=csv)
        expected = {int(item) + offset for item in ITEM}
        assert values(found, "item") == (expected if kind else {str(item) for item in expected})


def test_a_users_rows_fall_into_one_split_whatever_wrote_them(tmp_path: Path) -> None:
    rule = schema({}, {"by": "user", "validation": 0.3, "test": 0.3})
    with pytest.warns(DataWarning, match="column `user`: a text file has no types"):
        found = prepared(tmp_path, rule, rows(), rows(user=(N % 37).astype(float)), csv=2)
    assert values(found, "user") == {str(user) for user in range(37)}
    by_split = [set(found[split]["user"]) for split in SPLITS]
    assert sum(map(len, by_split)) == 37


def test_booleans_are_one_category(tmp_path: Path) -> None:
    flags = N % 3 == 0
    tables = [rows(item=flags), rows(item=np.where(flags, "true", "false")), rows(item=flags)]
    assert values(prepared(tmp_path, schema(ITEMS), *tables, csv=2), "item") == {"true", "false"}


def test_long_ids_of_text_are_kept_beside_gaps(tmp_path: Path) -> None:
    long = [str(9007199254740993 + 2 * i) for i in range(ROWS - 2)]
    rule = schema({"item": {"kind": "category", "role": "item", "type": "integer"}})
    found = prepared(tmp_path, rule, rows(item=[*long, "12.0", "NaN"]), csv=1)
    assert values(found, "item") == {*map(int, long), 12}


def _moments(day: str, unit: str) -> Any:
    return pa.array(pd.date_range(day, periods=ROWS, freq="min").to_numpy()).cast(pa.timestamp(unit))


TIME = {"time": {"kind": "timestamp"}}
BY_TIME = {"by": "time", "validation": 0.2, "test": 0.2}


def test_times_of_two_units_come_in_their_true_order(tmp_path: Path) -> None:
    tables = [rows(time=_moments("2026-01-01", "ns")), rows(time=_moments("2026-03-01", "us"))]
    found = prepared(tmp_path, schema(TIME, BY_TIME), *tables)
    assert pd.to_datetime(found["test"]["time"].min(), unit="us") == pd.Timestamp("2026-03-01 03:00")
    assert [len(found[split]) for split in SPLITS] == [360, 120, 120]


@pytest.mark.parametrize("by", ["time", "row"])
@pytest.mark.parametrize("divisor", [10**3, 10**6])
def test_bare_numbers_of_two_units_are_refused(tmp_path: Path, by: str, divisor: int) -> None:
    times = [_moments(day, "us").cast(pa.int64()).to_numpy() for day in ("2026-01-01", "2026-03-01")]
    with pytest.raises(DataError, match=r"0.parquet: column `time` holds .* microseconds, and in .*1.parquet of"):
        prepared(tmp_path, schema(TIME, {**BY_TIME, "by": by}), rows(time=times[0]), rows(time=times[1] // divisor))
    assert not (tmp_path / "out").exists()


def test_bare_numbers_beside_times_are_refused_and_counts_are_not(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds bare numbers, whose unit nothing tells"):
        prepared(tmp_path, schema(TIME), rows(time=_moments("2026-01-01", "us")), rows(time=N + 1_767_225_600))
    (tmp_path / "counts").mkdir()
    found = prepared(tmp_path / "counts", schema(TIME, BY_TIME), rows(time=N), rows(time=N * 10**6 + 500))
    assert values(found, "time") == {*N, *(N * 10**6 + 500)}


@pytest.mark.parametrize("split", [BY_TIME, None])
@pytest.mark.parametrize("csv", [0, 1])
def test_fractions_make_all_bare_numbers_seconds(tmp_path: Path, split: dict[str, Any] | None, csv: int) -> None:
    found = prepared(tmp_path, schema(TIME, split), rows(time=N + 0.25), rows(time=N + 1000), csv=csv)
    assert values(found, "time") == {*(N * 10**6 + 250_000), *((N + 1000) * 10**6)}


def test_times_with_and_without_a_zone_are_told(tmp_path: Path) -> None:
    zoned = _moments("2026-01-01", "us").cast(pa.timestamp("us", "UTC"))
    with pytest.warns(DataWarning, match=r"with a zone, as in .*0.parquet, and without, as in .*1.parquet; .* UTC"):
        prepared(tmp_path, schema(TIME, BY_TIME), rows(time=zoned), rows(time=_moments("2026-02-01", "ms")))


def test_whole_days_go_to_one_split_each(tmp_path: Path) -> None:
    days = np.repeat([20260101, 20260102, 20260103, 20260104], ROWS // 4)
    with pytest.warns(DataWarning, match=r"train gets 50.0% of the rows, validation 25.0%, test 25.0%"):
        found = prepared(tmp_path, schema(TIME, {"by": "time", "validation": 0.1, "test": 0.1}), rows(time=days))
    assert [sorted(values({"": found[split]}, "time")) for split in SPLITS] == [
        [20260101, 20260102],
        [20260103],
        [20260104],
    ]
    with pytest.raises(DataError, match="column `time` holds 2 different times; a split by time needs"):
        prepared(_new(tmp_path), schema(TIME, BY_TIME), rows(time=days % 2))


CONVERSION = {
    "tasks": {"ctr": {"label": "click"}, "cvr": {"label": "order", "conditioned_on": "ctr"}},
}


def test_a_conversion_without_its_click_is_not_defined(tmp_path: Path) -> None:
    order = pa.array([None if i % 2 == 0 else i % 4 // 3 for i in N], pa.float64())
    rule = schema({"order": {"kind": "label"}}, **CONVERSION)
    found = pd.concat(prepared(tmp_path, rule, rows(order=order)).values())
    assert found["order"].isna().equals(found["click"] == 0)
    lost = pa.array([None if i == 5 else 0 for i in N], pa.int8())
    with pytest.raises(DataError, match="column `order`, row 6: a label must not be null where `click` is 1"):
        prepared(_new(tmp_path), rule, rows(order=lost))


def test_columns_go_by_another_name_in_files_and_frames(tmp_path: Path) -> None:
    rule = schema({"city": {"kind": "category", "role": "user", "source": "Wohn-Ort / 城市"}})
    table = rows(**{"Wohn-Ort / 城市": [f"c{i % 5}" for i in N]})
    assert values(prepared(tmp_path, rule, table, csv=1), "city") == {f"c{i}" for i in range(5)}
    (frame,) = conformed_tables(rule, pd.DataFrame(table), ["city", "price"])
    assert frame.column_names == ["city", "price"] and frame["city"][1].as_py() == "c1"
    with pytest.raises(DataError, match="column `Wohn-Ort / 城市` is missing"):
        list(conformed_tables(rule, pd.DataFrame(rows(city="c")), ["city"]))


def test_groups_of_two_columns_may_have_the_same_names(tmp_path: Path) -> None:
    rule = schema({"is_new": {"kind": "group"}, "is_vip": {"kind": "group"}})
    found = prepared(tmp_path, rule, rows(is_new=N % 2, is_vip=N // 2 % 2))
    assert values(found, "is_new") == values(found, "is_vip") == {"0", "1"}


def test_words_for_missing_values_in_a_category_are_told_once(tmp_path: Path) -> None:
    words = np.array(["NA", "null", "x", "\\N"] * (ROWS // 4), object)
    with pytest.warns(DataWarning, match="column `item`: holds texts such as NA or null") as told:
        found = prepared(tmp_path, schema(ITEMS), rows(item=words), csv=1)
    assert values(found, "item") == {"NA", "null", "x"} and len(told) == 1
    (tmp_path / "named").mkdir()
    named = schema(ITEMS, null_values=["NA", "null"])
    assert values(prepared(tmp_path / "named", named, rows(item=words), csv=1), "item") == {"x"}
