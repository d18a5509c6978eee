"""Row groups that are read together, and what that keeps in memory."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import WriterProperties, write_deltalake
from hypothesis import given
from hypothesis import strategies as st

from tfelc.data.files.row_group_runs import row_group_runs
from tfelc.data.log_source import open_log

COLUMNS = [f"c{number}" for number in range(8)]
GROUPS, ROWS_PER_GROUP = 64, 16_384


@given(st.lists(st.integers(0, 60), max_size=12), st.integers(1, 100))
def test_runs_cover_all_groups_in_order_and_none_is_longer_than_a_batch_needs(groups: list[int], rows: int) -> None:
    runs = list(row_group_runs(groups, rows))
    assert [number for run in runs for number in run] == list(range(len(groups)))
    for run in runs:
        assert sum(groups[number] for number in run[:-1]) < rows
    for run in runs[:-1]:
        assert sum(groups[number] for number in run) >= rows


def parquet(table: pa.Table, path: Path) -> str:
    pq.write_table(table, path, row_group_size=ROWS_PER_GROUP)
    return str(path)


def delta(table: pa.Table, path: Path) -> str:
    write_deltalake(str(path), table, writer_properties=WriterProperties(max_row_group_size=ROWS_PER_GROUP))
    return f"delta:{path}"


@pytest.mark.parametrize("write", [parquet, delta])
def test_a_file_is_not_kept_in_memory_as_it_is_read(write: Callable[[pa.Table, Path], str], tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = {name: random.random(GROUPS * ROWS_PER_GROUP) for name in COLUMNS}
    source = write(pa.table(rows), tmp_path / "log.parquet")
    begun, most, at = pa.total_allocated_bytes(), 0, 0
    for batch in open_log(source, COLUMNS).batches(COLUMNS):
        most = max(most, pa.total_allocated_bytes() - begun)
        for name in COLUMNS:
            assert np.array_equal(batch.table[name].to_numpy(), rows[name][at : at + len(batch.table)])
        at += len(batch.table)
    assert at == GROUPS * ROWS_PER_GROUP
    assert most < sum(column.nbytes for column in rows.values()) / 4
