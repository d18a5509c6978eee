from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tfelc.core.errors import DataError
from tfelc.data import gathered_batches
from tfelc.data.dataset import Dataset
from tfelc.data.gathered_batches import gathered
from tfelc.data.log_batch import LogBatch
from tfelc.data.log_preparation import prepare
from tfelc.data.row_groups import RowGroupReader
from tfelc.schema.schema import Schema

SCHEMA = {
    "name": "log",
    "columns": {
        "click": {"kind": "label"},
        "time": {"kind": "timestamp"},
        "city": {"kind": "category", "role": "user"},
        "seen": {"kind": "list", "role": "user"},
    },
    "tasks": {"ctr": {"label": "click"}},
}


def batch(name: str, is_text: bool = False, **columns: list[object]) -> LogBatch:
    return LogBatch(name, 1, pa.table(columns), is_text)


def test_small_batches_of_one_type_are_put_together_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathered_batches, "_ROWS", 4)
    parts = [
        batch("a", n=[1, 2]),
        batch("b", n=[3]),
        batch("c", n=[4, 5]),
        batch("d", n=["6"]),
        batch("e", True, n=["7"]),
    ]
    found = list(gathered(parts))
    assert [each.table["n"].to_pylist() for each in found] == [[1, 2, 3], [4, 5], ["6"], ["7"]]
    assert [each.parts for each in found] == [tuple(parts[:2]), (), (), ()]
    assert [(each.where, each.is_text) for each in found] == [("a", False), ("c", False), ("d", False), ("e", True)]


def test_dictionaries_are_put_together_or_left_apart() -> None:
    texts = [pa.array(values).dictionary_encode() for values in (["a", "b"], ["b", "c"])]
    (both,) = gathered([LogBatch("a", 1, pa.table({"n": each}), False) for each in texts])
    assert both.table["n"].to_pylist() == ["a", "b", "b", "c"]
    lists = [pa.ListArray.from_arrays([0, 1, 2], each) for each in texts]
    found = list(gathered([LogBatch("a", 1, pa.table({"n": each}), False) for each in lists]))
    assert [each for one in found for each in one.table["n"].to_pylist()] == [["a"], ["b"], ["b"], ["c"]]


def rows(first: int, count: int) -> pa.Table:
    n = range(first, first + count)
    columns = {"click": [i % 2 for i in n], "time": [i * 10 for i in n], "city": [f"c{i % 7}" for i in n]}
    return pa.table({**columns, "seen": [[f"s{i}"] * (i % 3) for i in n]})


def split_into(folder: Path, sizes: list[int]) -> Path:
    folder.mkdir()
    first = 0
    for number, size in enumerate(sizes):
        pq.write_table(rows(first, size), folder / f"{number:03d}.parquet")
        first += size
    return folder


def test_many_small_files_become_what_one_file_does(tmp_path: Path) -> None:
    """To the bit: parts, row groups, and the order in which they are read."""
    schema = Schema.parse(SCHEMA, "log")
    hashes = []
    for name, sizes in (("one", [600]), ("many", [7] * 80 + [40]), ("uneven", [1, 500, 3, 96])):
        prepare(schema, str(split_into(tmp_path / name, sizes)), tmp_path / f"{name}-data", seed=3)
        data = Dataset(tmp_path / f"{name}-data")
        assert [path.name for path in data.files("train")] == ["part-00000.parquet"]
        read = pa.concat_tables(RowGroupReader(data.files("train"), ["time", "seen"], seed=1).tables(0))
        hashes.append((data.hash, read.to_pydict()))
    assert hashes[0] == hashes[1] == hashes[2]


def test_a_fault_is_named_by_its_own_file_and_row(tmp_path: Path) -> None:
    folder = split_into(tmp_path / "many", [10] * 20)
    bad = rows(150, 10)
    pq.write_table(bad.set_column(0, "click", pa.array([0] * 4 + [7] + [0] * 5)), folder / "015.parquet")
    with pytest.raises(DataError, match="many/015.parquet: column `click`, row 5: a label must be 0 or 1"):
        prepare(Schema.parse(SCHEMA, "log"), str(folder), tmp_path / "data")


def test_a_word_that_is_no_split_is_named_by_its_own_file_and_row(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number, words in enumerate((["train", "test"], ["validation", "dev"])):
        pq.write_table(rows(0, 2).append_column("part", pa.array(words)), folder / f"{number}.parquet")
    schema = Schema.parse({**SCHEMA, "split": {"by": "column", "column": "part"}}, "log")
    with pytest.raises(DataError, match=r"many/1.parquet: column `part`, row 2: use train, validation, test"):
        prepare(schema, str(folder), tmp_path / "data")


def test_times_are_looked_at_file_by_file(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number, unit in enumerate((1, 1000)):
        times = pa.array([(1_700_000_000 + i) * unit for i in range(100)])
        pq.write_table(rows(0, 100).set_column(1, "time", times), folder / f"{number}.parquet")
    with pytest.raises(DataError, match="0.parquet: column `time` holds numbers of the size of seconds, and in .*1.p"):
        prepare(Schema.parse(SCHEMA, "log"), str(folder), tmp_path / "data")
