import pytest

from tfelc.data.conformed_log import conformed_tables
from tfelc.experiments.benchmarks import prepare
from tfelc.experiments.benchmarks.prepare_log import log_schema, write_log

ROWS = 1500


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("logs")
    return {ending: str(write_log(folder / f"log.{ending}", ROWS)) for ending in ("parquet", "csv")}


def test_both_logs_hold_the_same_thirty_columns(logs):
    schema = log_schema()
    assert len(schema.columns) == 30
    parquet, text = (next(conformed_tables(schema, log, list(schema.columns))) for log in logs.values())
    assert parquet.equals(text)
    assert len(parquet) == ROWS and parquet["item_id"].null_count and parquet["tags"].combine_chunks().flatten()


@pytest.mark.parametrize(
    ("way", "ending"),
    [
        (prepare.plain, "parquet"),
        (prepare.plain_text, "csv"),
        (prepare.read, "csv"),
        (prepare.prepared, "parquet"),
        (prepare.prepared, "csv"),
    ],
)
def test_rates_and_memory_are_measured(way, ending, logs):
    found = way(logs[ending])
    assert set(found) == {"rows_per_second", "rows_per_cpu_second", "peak_mb"}
    assert min(found.values()) > 0


@pytest.mark.parametrize("name", ["rate", "last"])
def test_an_aggregate_is_measured(name, logs):
    assert set(prepare.aggregated(logs["parquet"], name)) == {"cpu_seconds"}


def test_the_tables_stand_for_themselves():
    def of(**figures):
        spread = {name: {"median": value, "ratio": 0.5} for name, value in figures.items()}
        return {"way": {"label": "a way", "figures": spread, "runs": []}}

    rates, seconds = of(rows_per_cpu_second=2000.0, peak_mb=300.0), of(cpu_seconds=0.25)
    result = {"rows": 10, "rounds": 3, "parquet": rates, "csv": rates, "aggregates": seconds, "large": {}}
    assert [table.rows for table in prepare.tables(result)] == [[["a way", "2,000", "50%", "300"]]] * 2 + [
        [["a way", "0.25"]]
    ]
    assert prepare.tables({**result, "large": rates})[-1].rows == [["a way", "2,000", "300"]]
