import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.support.every_kind import every_kind_rows

GROUP = 90


@pytest.fixture(scope="session")
def log(tmp_path_factory):
    """Two Parquet files of several row groups each."""
    folder = tmp_path_factory.mktemp("log")
    for number, rows in enumerate((400, 200)):
        pq.write_table(every_kind_rows(rows, 50 + number), folder / f"log-{number}.parquet", row_group_size=GROUP)
    return folder


@pytest.fixture(scope="session")
def log_rows(log) -> pa.Table:
    return pa.concat_tables([pq.read_table(path) for path in sorted(log.glob("*.parquet"))])


@pytest.fixture(scope="session")
def settings(exported, log):
    """Builds the settings of a job over the log."""
    from tfelc.ranker.scoring.scoring_job import JobSettings

    def build(output, **changes):
        return JobSettings(
            **{"model": exported.path, "inputs": (f"{log}/*.parquet",), "output": str(output), **changes}
        )

    return build


@pytest.fixture(scope="session")
def reference(tmp_path_factory, settings):
    out = tmp_path_factory.mktemp("reference") / "scores"
    from tests.support.scored import run

    summary = run(settings(out))
    return out, summary
