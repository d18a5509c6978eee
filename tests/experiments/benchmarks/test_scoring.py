import sys

import pyarrow.parquet as pq
import pytest

from tfelc.experiments.benchmarks import scoring


@pytest.fixture(scope="module")
def rows(tmp_path_factory, every_kind_dataset):
    return scoring.write_rows(every_kind_dataset.path, tmp_path_factory.mktemp("rows") / "rows.parquet", 1500)


def test_the_training_split_is_written_again_and_again(rows, every_kind_dataset):
    train = pq.read_table(every_kind_dataset.files("train"))
    found = pq.read_table(rows)
    assert len(found) == 1500
    assert found.slice(0, 600).equals(train) and found.slice(600, 600).equals(train)
    assert found.slice(1200).equals(train.slice(0, 300))


@pytest.mark.parametrize("way", [scoring.floor, scoring.scored])
def test_rates_and_memory_are_measured(way, rows, exported):
    found = way(str(exported.path), str(rows))
    assert set(found) == {"rows_per_second", "rows_per_cpu_second", "peak_mb"}
    assert min(found.values()) > 0


def test_an_engine_that_is_not_installed_has_no_figures(rows, exported, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    assert scoring.on_spark(str(exported.path), str(rows)) is None
