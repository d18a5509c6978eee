"""Logs of every kind of file through `prepare`: one dataset whatever they are."""

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from tests.support.command import call
from tfelc.data import log_preparation
from tfelc.data.dataset import Dataset
from tfelc.data.splits import SPLITS
from tfelc.schema.schema import Schema

SCHEMA = {
    "name": "log",
    "user_key": "user",
    "split": {"by": "time", "validation": 0.2, "test": 0.2},
    "columns": {
        "user": {"kind": "id"},
        "at": {"kind": "timestamp"},
        "age": {"kind": "number", "role": "user", "default": 30},
        "city": {"kind": "category", "role": "user"},
        "click": {"kind": "label"},
    },
    "tasks": {"ctr": {"label": "click"}},
}
FRAME = pd.DataFrame(
    {
        "user": [9007199254740993 + number for number in range(10)],
        "at": range(10),
        "age": [1.5, None, *range(8)],
        "city": ["a;b", "c,d", "e\tf", 'say "hi"', "", "x", "x", "x", "x", "x"],
        "click": [0, 1] * 5,
    }
)


def write(folder: Path, kind: str) -> tuple[Any, dict[str, str]]:
    """The log as files of one kind: what names it, and how it is read."""
    first, second = FRAME[:6], FRAME[6:]
    folder.mkdir()
    if kind in ("csv", "csv.gz", "csv.bz2", "csv.zst", "tsv", "semicolon"):
        separator = {"tsv": "\t", "semicolon": ";"}.get(kind, ",")
        ending = {"semicolon": "csv"}.get(kind, kind)
        for number, part in enumerate((first, second)):
            part.to_csv(folder / f"part-{number}.{ending}", index=False, sep=separator)
        (folder / f"part-2.{ending.split('.')[0]}").write_text(separator.join(FRAME))
        return folder, {"csv_delimiter": ";"} if kind == "semicolon" else {}
    if kind == "jsonl":
        FRAME.to_json(folder / "log.jsonl", orient="records", lines=True)
        return folder / "log.jsonl", {}
    if kind == "delta":
        write_deltalake(
            str(folder), pa.Table.from_pandas(pd.concat([FRAME, FRAME.assign(at=99)])), partition_by=["click"]
        )
        DeltaTable(str(folder)).delete("at = 99")
        return f"delta:{folder}", {}
    if kind == "hive":
        FRAME.to_parquet(folder, partition_cols=["click", "at"])
        (folder / "_SUCCESS").touch()
        return folder, {}
    # The columns in another order, and one that may be missing is.
    pq.write_table(pa.Table.from_pandas(first), folder / "a.parquet")
    rest = second.assign(age=None).drop(columns="age")[["click", "city", "at", "user"]]
    pq.write_table(pa.Table.from_pandas(rest), folder / "b.parquet")
    return f"{folder}/*.parquet", {}


def rows(data: Dataset) -> dict[str, list[tuple[Any, ...]]]:
    found = {split: pa.concat_tables(pq.read_table(path) for path in data.files(split)) for split in SPLITS}
    return {split: sorted(map(tuple, (each.values() for each in table.to_pylist()))) for split, table in found.items()}


@pytest.mark.parametrize(
    "kind", ["csv", "csv.gz", "csv.bz2", "csv.zst", "tsv", "semicolon", "jsonl", "delta", "hive", "columns"]
)
def test_every_kind_gives_the_same_rows(tmp_path: Path, kind: str) -> None:
    source, how = write(tmp_path / "log", kind)
    log_preparation.prepare(Schema.load(SCHEMA), source, tmp_path / "out", **how)
    plain = FRAME.astype(object).where(FRAME.notna(), None)
    if kind == "columns":
        plain.loc[6:, "age"] = None
    if kind in ("csv", "csv.gz", "csv.bz2", "csv.zst", "tsv", "semicolon"):
        plain.loc[4, "city"] = None  # pandas writes an empty text as it writes a missing one
    expected = [tuple(row) for row in plain.itertuples(index=False)]
    assert rows(Dataset(tmp_path / "out")) == {"train": expected[:6], "validation": expected[6:8], "test": expected[8:]}


def test_the_command_names_its_option_and_the_column(tmp_path: Path) -> None:
    (tmp_path / "schema.yaml").write_text(Schema.load(SCHEMA).dump())
    source, _ = write(tmp_path / "log", "semicolon")
    words = ("table", "--schema", tmp_path / "schema.yaml", "--input", source, "--out", tmp_path / "out")
    ended = call("prepare", *words)
    assert ended.code == 1 and ended.err == (
        f"error: {source}/part-0.csv: `;` seems to separate the columns: name it with --csv-delimiter\n"
    )
    ended = call("prepare", *words, "--csv-delimiter", ";;")
    assert ended.code == 2 and "--csv-delimiter must be one character" in ended.err
    assert call("prepare", *words, "--csv-delimiter", ";").code == 0
    assert "csv_delimiter" not in call("prepare", *words[:-1], tmp_path / "again").err
