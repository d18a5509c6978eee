import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfelc.core.errors import DataError
from tfelc.data import log_preparation, time_edges
from tfelc.data.dataset import Dataset
from tfelc.data.splits import SPLITS
from tfelc.schema.schema import Schema

ROWS = 1000


def schema(**split: Any) -> Schema:
    return Schema.parse(
        {
            "name": "log",
            "user_key": "user",
            "split": split or {"by": "row"},
            "columns": {
                "user": {"kind": "id", "type": "string"},
                "at": {"kind": "timestamp"},
                "age": {"kind": "number", "role": "user"},
                "plan": {"kind": "category", "role": "user", "type": "integer"},
                "seen": {"kind": "list", "role": "user", "type": "integer"},
                "tags": {"kind": "list", "role": "item"},
                "click": {"kind": "label"},
            },
            "tasks": {"ctr": {"label": "click"}},
        },
        "log",
    )


def log(rows: int = ROWS) -> pa.Table:
    n = np.arange(rows)
    return pa.table(
        {
            "user": [f"u{i % 50}" for i in n],
            "at": np.random.default_rng(0).permutation(rows) * 10,
            "age": pa.array([None if i % 7 == 0 else i / 4 for i in n], pa.float64()),
            "plan": pa.array([None if i % 5 == 0 else int(i % 3) for i in n], pa.int64()),
            "seen": [list(range(i % 4)) for i in n],
            "tags": [["a", "b b"][: i % 3] for i in n],
            "click": n % 2,
            "part": [SPLITS[i % 3] for i in n],
            "unused": n,
        }
    )


def as_csv(rows: pa.Table) -> bytes:
    frame = rows.to_pandas()
    frame["plan"] = frame["plan"].astype("float64")  # pandas writes 1.0
    for name in ("seen", "tags"):
        frame[name] = frame[name].map(lambda values: "|".join(map(str, values)))
    return frame.to_csv(index=False).encode()


def read(data: Dataset) -> dict[str, pd.DataFrame]:
    return {
        split: pd.concat([pq.read_table(path).to_pandas() for path in data.files(split)], ignore_index=True)
        for split in SPLITS
    }


def prepared(tmp_path: Path, rule: Schema, inputs: list[str], seed: int = 0, name: str = "out") -> Dataset:
    log_preparation.prepare(rule, inputs, tmp_path / name, seed)
    return Dataset(tmp_path / name)


@pytest.fixture
def parquet(tmp_path: Path) -> str:
    (tmp_path / "logs" / "day=1").mkdir(parents=True)
    rows = log()
    pq.write_table(rows.slice(0, 300), tmp_path / "logs" / "day=1" / "a.parquet")
    pq.write_table(rows.slice(300), tmp_path / "logs" / "b.parquet", row_group_size=128)
    return str(tmp_path / "logs" / "**" / "*.parquet")


def test_parquet_csv_and_gzip_give_the_same_dataset(tmp_path: Path, parquet: str) -> None:
    (tmp_path / "log.csv").write_bytes(as_csv(log()))
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(as_csv(log())))
    rule = schema(by="time")
    datasets = [
        prepared(tmp_path, rule, [str(source)], name=f"out{number}")
        for number, source in enumerate([parquet, tmp_path / "log.csv", tmp_path / "log.csv.gz"])
    ]
    frames = [pd.concat(read(data).values()).sort_values("at", ignore_index=True) for data in datasets]
    for frame in frames[1:]:
        pd.testing.assert_frame_equal(frame, frames[0])
    expected = log().drop_columns(["part", "unused"]).to_pandas().sort_values("at", ignore_index=True)
    assert frames[0]["seen"].map(list).tolist() == expected["seen"].map(list).tolist()
    assert frames[0]["tags"].map(list).tolist() == expected["tags"].map(list).tolist()
    np.testing.assert_array_equal(frames[0][["age", "plan"]], expected[["age", "plan"]])
    assert datasets[1].hash == datasets[2].hash


def test_split_by_time_takes_the_last_rows(tmp_path: Path, parquet: str) -> None:
    frames = read(prepared(tmp_path, schema(by="time", validation=0.2, test=0.1), [parquet]))
    assert [len(frames[split]) for split in SPLITS] == [700, 200, 100]
    assert frames["train"]["at"].max() < frames["validation"]["at"].min()
    assert frames["validation"]["at"].max() < frames["test"]["at"].min()


def test_split_by_time_of_a_long_log_thins_the_times_it_keeps(
    tmp_path: Path, parquet: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_edges, "_SAMPLE", 300)
    frames = read(prepared(tmp_path, schema(by="time", validation=0.2, test=0.2), [parquet]))
    # Of 250 times kept, a quantile is 25 rows off as a standard error.
    assert [len(frames[split]) for split in SPLITS] == pytest.approx([600, 200, 200], abs=75)
    assert frames["train"]["at"].max() < frames["validation"]["at"].min()


def test_split_by_user_keeps_users_whole(tmp_path: Path, parquet: str) -> None:
    frames = read(prepared(tmp_path, schema(by="user", validation=0.3, test=0.3), [parquet], seed=1))
    users = [set(frames[split]["user"]) for split in SPLITS]
    assert sum(map(len, users)) == 50 and all(len(some) > 5 for some in users)
    again = read(prepared(tmp_path, schema(by="user", validation=0.3, test=0.3), [parquet], seed=2, name="other"))
    assert set(again["test"]["user"]) != users[2]


def test_split_by_row_is_seeded(tmp_path: Path, parquet: str) -> None:
    first = prepared(tmp_path, schema(), [parquet], seed=1, name="one")
    assert [first.rows(split) for split in SPLITS] == pytest.approx([800, 100, 100], abs=45)
    assert sum(first.manifest.rows.values()) == ROWS
    assert prepared(tmp_path, schema(), [parquet], seed=1, name="two").hash == first.hash
    assert prepared(tmp_path, schema(), [parquet], seed=2, name="three").hash != first.hash


def test_split_by_column(tmp_path: Path, parquet: str) -> None:
    frames = read(prepared(tmp_path, schema(by="column", column="part"), [parquet]))
    assert [len(frames[split]) for split in SPLITS] == [334, 333, 333]
    words = log().set_column(7, "part", pa.array(["dev"] * ROWS))
    pq.write_table(words, tmp_path / "words.parquet")
    with pytest.raises(DataError, match="column `part`, row 1: use train, validation, test. Received: 'dev'"):
        prepared(tmp_path, schema(by="column", column="part"), [str(tmp_path / "words.parquet")], name="bad")


def edited(row: int, column: int, value: str) -> bytes:
    lines = as_csv(log()).decode().splitlines()
    fields = lines[row].split(",")
    fields[column] = value
    lines[row] = ",".join(fields)
    return "\n".join(lines).encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "log.csv: the log has no rows"),
        (b"user,at\nu1,2\n", "log.csv: column `age` is missing; the file has user, at"),
        (as_csv(log(0)), "the log has no rows"),
        (as_csv(log()) + b"1,2\n", "log.csv: not a readable CSV file"),
        (edited(17, 6, "2"), "log.csv: column `click`, row 17: a label must be 0 or 1. Received: 2"),
        (edited(400, 6, ""), "log.csv: column `click`, row 400: a label must not be null or NaN"),
        (edited(3, 6, "nan"), "log.csv: column `click`, row 3: a label must not be null or NaN"),
        (edited(44, 2, "old"), "log.csv: column `age`, row 44: not a value of kind number (float). Received: 'old'"),
        (edited(44, 3, "1.5"), "log.csv: column `plan`, row 44: not a value of kind category (int64). Received: '1.5'"),
        (edited(44, 4, "1|x"), "log.csv: column `seen`, row 44: not a value of kind list"),
        (b"\x1f\x8b\x08 binary", "log.csv: not a readable CSV file"),
    ],
)
def test_a_bad_csv_is_one_clear_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    with pytest.raises(DataError) as raised:
        log_preparation.prepare(schema(), [str(path)], tmp_path / "out")
    assert message in str(raised.value) and "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == [path]


def test_bad_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere/\*.parquet: no file matches"):
        log_preparation.prepare(schema(), [str(tmp_path / "nowhere" / "*.parquet")], tmp_path / "out")
    text = tmp_path / "log.txt"
    text.write_text("user")
    with pytest.raises(DataError, match="log.txt: a log is a file that ends in .parquet, .csv, .tsv, .jsonl"):
        log_preparation.prepare(schema(), [str(text)], tmp_path / "out")
    broken = tmp_path / "broken.parquet"
    pq.write_table(log(), broken)
    broken.write_bytes(broken.read_bytes()[:-9])
    with pytest.raises(DataError, match="broken.parquet: not a readable Parquet file"):
        log_preparation.prepare(schema(), [str(broken)], tmp_path / "out")
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(gzip.compress(as_csv(log()))[:-100])
    with pytest.raises(DataError, match="cut.csv.gz: not a readable CSV file"):
        log_preparation.prepare(schema(), [str(cut)], tmp_path / "out")
    wrong = tmp_path / "wrong.parquet"
    pq.write_table(log().set_column(6, "click", pa.array(np.where(np.arange(ROWS) == 700, 3, 0))), wrong)
    with pytest.raises(DataError, match="wrong.parquet: column `click`, row 701: a label must be 0 or 1. Received: 3"):
        log_preparation.prepare(schema(), [str(wrong)], tmp_path / "out")
    assert not (tmp_path / "out").exists()
