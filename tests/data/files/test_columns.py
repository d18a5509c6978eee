"""Columns in another order, missing, twice, or in the names of folders."""

import io
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq
import pytest

from tests.support.log_rows import log_rows, told
from tfelc.core.errors import DataError


def write(folder: Path, name: str, table: pa.Table) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    elif path.suffix == ".csv":
        pc_csv.write_csv(table, path, pc_csv.WriteOptions(quoting_style="needed"))
    else:
        table.to_pandas().to_json(path, orient="records", lines=True)
    return path


ENDINGS = (".parquet", ".csv", ".jsonl")


@pytest.mark.parametrize("ending", ENDINGS)
def test_columns_are_found_by_name_and_filled_where_they_may_be_missing(tmp_path: Path, ending: str) -> None:
    write(tmp_path, f"a{ending}", pa.table({"id": ["x"], "price": ["2"], "more": ["m"]}))
    write(tmp_path, f"b{ending}", pa.table({"price": ["3"], "id": ["y"]}))
    for name in "cd":
        write(tmp_path, f"{name}{ending}", pa.table({"id": ["z"]}))
    rows, said = told(tmp_path, ["id", "price"], optional=["price"])
    assert rows == [("x", "2"), ("y", "3"), ("z", None), ("z", None)]
    filled = "no column `price`: its `default` stands for all values there"
    assert said == [f"{tmp_path}/c{ending} and 1 more files have {filled}"]
    with pytest.raises(DataError, match=rf"c{ending}: column `price` is missing; the file has id$"):
        log_rows(tmp_path, ["id", "price"])
    # A file of other things is not one of nothing but defaults.
    with pytest.raises(DataError, match=r"column `color` is missing"):
        log_rows(tmp_path, ["color", "shape"], optional=["color", "shape"])


@pytest.mark.parametrize("ending", ENDINGS)
def test_names_that_nearly_fit_are_shown(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path, f"a{ending}", pa.table({"ID": [1], "CLICK": [1], "prize": [1]}))
    with pytest.raises(DataError, match=r"column `click` is missing; the file has `CLICK`, among ID, CLICK, prize"):
        log_rows(path, ["click"])
    with pytest.raises(DataError, match=r"column `price` is missing; the file has `prize`"):
        log_rows(path, ["price"])


def test_a_column_that_is_there_twice_is_refused_wherever_it_lies(tmp_path: Path) -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], names=["price", "id", "price"])
    path = write(tmp_path, "a.parquet", twice)
    with pytest.raises(DataError, match=r"a.parquet: there are 2 columns `price`; rename or drop one"):
        log_rows(path, ["id", "price"])
    assert log_rows(path, ["id"]) == [(2,)]
    with pytest.raises(DataError, match="table: there are 2 columns `price`"):
        log_rows(twice, ["id", "price"])
    frame = pd.DataFrame([[1, 2, 3]], columns=["price", "id", "price"])
    with pytest.raises(DataError, match="frame: Duplicate column names found"):
        log_rows(frame, ["id", "price"])


def test_tables_in_memory_are_filled_alike() -> None:
    rows, said = told(pd.DataFrame({"id": [1]}), ["id", "price"], optional=["price"])
    assert rows == [(1, None)] and said == ["frame has no column `price`: its `default` stands for all values there"]
    with pytest.raises(DataError, match="frame: column `id` is missing; the frame has `ID`"):
        log_rows(pd.DataFrame({"ID": [1]}), ["id"])


@pytest.mark.parametrize("ending", ENDINGS)
def test_keys_of_folders_are_columns(tmp_path: Path, ending: str) -> None:
    for folder in ("dt=2026-11-01/who=a%2Fb%20c", "dt=2026-11-02/who=__HIVE_DEFAULT_PARTITION__", "dt=2026-11-02/who="):
        write(tmp_path / folder, f"x{ending}", pa.table({"id": ["1", "2"]}))
    rows = log_rows(tmp_path, ["who", "id", "dt"])
    assert rows == [
        ("a/b c", "1", "2026-11-01"),
        ("a/b c", "2", "2026-11-01"),
        ("", "1", "2026-11-02"),
        ("", "2", "2026-11-02"),
        (None, "1", "2026-11-02"),
        (None, "2", "2026-11-02"),
    ]
    # Alone too, as a first look at the times of a log reads them.
    assert log_rows(tmp_path, ["dt"]) == [(row[2],) for row in rows]
    assert log_rows(f"{tmp_path}/dt=2026-11-01/*/*", ["dt"]) == [("2026-11-01",)] * 2


def test_pandas_and_pyarrow_write_such_folders(tmp_path: Path) -> None:
    frame = pd.DataFrame({"segment": ["high", None, "low"], "day": [1, 2, 3], "id": [5, 6, 7]})
    frame.to_parquet(tmp_path / "log", partition_cols=["segment", "day"])
    assert sorted(log_rows(tmp_path / "log", ["id", "segment", "day"])) == [
        (5, "high", "1"),
        (6, None, "2"),
        (7, "low", "3"),
    ]


@pytest.mark.parametrize("ending", [".parquet", ".csv"])
def test_a_column_in_file_and_folder_must_agree(tmp_path: Path, ending: str) -> None:
    path = write(tmp_path / "day=01", f"a{ending}", pa.table({"day": [1, 1], "id": [3, 4]}))
    if ending == ".parquet":
        assert log_rows(path, ["day", "id"]) == [(1, 3), (1, 4)]
    path = write(tmp_path / "day=1", f"a{ending}", pa.table({"day": [1, 1], "id": [3, 4]}))
    assert len(log_rows(path, ["day", "id"])) == 2
    for values in ([1, 2], [1, None], [7, 7]):
        path = write(tmp_path / "day=1", f"b{ending}", pa.table({"day": values, "id": [3, 4]}))
        with pytest.raises(DataError, match=r"column `day` is in the file too, with other values than its"):
            log_rows(path, ["day", "id"])
        assert len(log_rows(path, ["id"])) == 2


def test_a_name_with_a_dot_is_no_way_into_a_struct(tmp_path: Path) -> None:
    table = pa.table({"geo": [{"city": "x"}], "geo.city": ["y"], "id": [1]})
    path = write(tmp_path, "a.parquet", table)
    assert log_rows(path, ["geo.city", "id"]) == [("y", 1)]
    assert log_rows(path, ["id", "geo"]) == [(1, {"city": "x"})]
    buffer = io.BytesIO()
    pq.write_table(table.drop_columns(["geo.city"]), buffer)
    path.write_bytes(buffer.getvalue())
    with pytest.raises(DataError, match="column `geo.city` is missing"):
        log_rows(path, ["geo.city"])
