import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfelc.core.errors import DataError
from tfelc.data.row_groups import RowGroupReader

SIZES = [[7, 7, 3], [7, 7, 7, 1], [5]]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("parts")
    paths, row = [], 0
    for number, groups in enumerate(SIZES):
        path = folder / f"part-{number:05d}.parquet"
        schema = pa.schema({"row": pa.int64(), "word": pa.string(), "list": pa.list_(pa.string()), "more": pa.int8()})
        with pq.ParquetWriter(path, schema, write_page_checksum=True) as writer:
            for size in groups:
                numbers = range(row, row + size)
                words = [f"w{n % 3 + number}" if n % 5 else None for n in numbers]
                lists = [[f"v{n}", "x"][: n % 3] for n in numbers]
                writer.write_table(pa.table([list(numbers), words, lists, [0] * size], schema=schema))
                row += size
        paths.append(path)
    return paths


def read(reader: RowGroupReader, *args: int, **kwargs: bool) -> list[dict[str, object]]:
    return [row for table in reader.tables(*args, **kwargs) for row in table.to_pylist()]


@pytest.mark.parametrize("window", [1, 2, 4, 100])
def test_an_epoch_is_a_permutation_and_epochs_differ(files: list[Path], window: int) -> None:
    reader = RowGroupReader(files, ["row", "word", "list"], seed=3, window=window)
    total = sum(map(sum, SIZES))
    assert reader.rows == total
    first, second = ([row["row"] for row in read(reader, epoch)] for epoch in (0, 1))
    assert sorted(first) == sorted(second) == list(range(total))
    assert first != second and first != sorted(first)
    assert first == [row["row"] for row in read(RowGroupReader(files, ["row"], seed=3, window=window), 0)]
    assert first != [row["row"] for row in read(RowGroupReader(files, ["row"], seed=4, window=window), 0)]


def test_without_shuffling_rows_come_as_they_lie_with_their_values(files: list[Path]) -> None:
    reader = RowGroupReader(files, ["word", "list", "row"], seed=3, window=2)
    rows = read(reader, 0, shuffle=False)
    stored = [row for path in files for row in pq.read_table(path, columns=["word", "list", "row"]).to_pylist()]
    assert rows == stored
    by_row = {row["row"]: row for row in stored}
    assert all(row == by_row[row["row"]] for row in read(reader, 5))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_start_anywhere_gives_the_rest_of_the_epoch(files: list[Path], data: st.DataObject) -> None:
    epoch, window = data.draw(st.integers(0, 3)), data.draw(st.integers(1, 9))
    shuffle = data.draw(st.booleans())
    reader = RowGroupReader(files, ["row", "word"], seed=11, window=window)
    start = data.draw(st.integers(0, reader.rows))
    assert read(reader, epoch, start, shuffle=shuffle) == read(reader, epoch, shuffle=shuffle)[start:]


def test_what_lies_before_the_start_is_not_read(files: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    reader = RowGroupReader(files, ["row"], seed=0, window=1)
    read_groups: list[int] = []
    original = pq.ParquetFile.read_row_group

    def counting(self: pq.ParquetFile, group: int, **kwargs: object) -> pa.Table:
        read_groups.append(group)
        return original(self, group, **kwargs)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", counting)
    assert len(read(reader, 0, reader.rows - 1)) == 1
    assert len(read_groups) == 1


def test_strings_come_as_dictionaries(files: list[Path]) -> None:
    (table,) = RowGroupReader(files, ["word", "list"], seed=0, window=100).tables(0)
    assert pa.types.is_dictionary(table["word"].type)
    assert pa.types.is_dictionary(table["list"].type.value_type)
    assert table["word"].num_chunks == 1
    assert len(table["word"].chunk(0).dictionary) == 5  # five distinct words in three parts


def test_a_broken_part_is_named(files: list[Path], tmp_path: Path) -> None:
    whole = files[0].read_bytes()
    broken = tmp_path / "part-00007.parquet"
    broken.write_bytes(whole[:-30])
    with pytest.raises(DataError, match="part-00007.parquet: not a whole Parquet file"):
        RowGroupReader([files[1], broken], ["row"], seed=0)
    damaged = bytearray(whole)
    damaged[40] ^= 0xFF  # inside the first page: only its checksum tells
    broken.write_bytes(damaged)
    with pytest.raises(DataError, match="part-00007.parquet: not a whole Parquet file"):
        read(RowGroupReader([broken], ["row"], seed=0), 0)
    with pytest.raises(DataError, match="column `age` is missing"):
        RowGroupReader(files, ["age"], seed=0)


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    group = 65_536
    rng = np.random.default_rng(0)
    for name, groups in (("small", 4), ("large", 60)):
        schema = pa.schema({f"c{i}": pa.float32() for i in range(8)})
        with pq.ParquetWriter(tmp_path / name, schema, use_dictionary=False, compression="none") as writer:
            for _ in range(groups):
                writer.write_table(pa.table({f"c{i}": rng.random(group, np.float32) for i in range(8)}))
    program = """
import resource, sys
from pathlib import Path
from tfelc.data.row_groups import RowGroupReader
reader = RowGroupReader([Path(sys.argv[1])], [f"c{i}" for i in range(8)], seed=0, window=2)
assert sum(table.num_rows for table in reader.tables(0)) == reader.rows
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    peaks = {
        name: int(subprocess.check_output([sys.executable, "-c", program, str(tmp_path / name)]))
        for name in ("small", "large")
    }
    # The large file holds 120 MB more; a reader that kept it would show that.
    assert peaks["large"] < peaks["small"] + 60_000
