"""What other tools read when they are given the folder of a job."""

import json

import pandas as pd
import pyarrow.dataset as dataset
import pyarrow.parquet as pq
import pytest

from tests.support.every_kind import every_kind_rows
from tests.support.scored import run, scores
from tfelc.core.errors import ScoringError
from tfelc.ranker.scoring.scoring_job import ScoringJob


@pytest.fixture(scope="module")
def scored(tmp_path_factory, settings):
    """A job with everything beside the parts: quarantine, ranking, shards."""
    from tfelc.lifecycle.scoring.shard import Shard

    folder = tmp_path_factory.mktemp("reading")
    pq.write_table(every_kind_rows(200, 80), folder / "log.parquet", row_group_size=70)
    wanted = {"inputs": (f"{folder}/log.parquet",), "top_k": 2, "by": "user_id", "score": "click", "max_bad_rows": 0.5}
    for index in (1, 2):
        ScoringJob(settings(folder / "day", shard=Shard(index, 2), **wanted)).run()
    return folder / "day", wanted


def test_a_folder_reads_as_its_parts_and_nothing_else(scored):
    day, _ = scored
    assert {path.name for path in day.iterdir() if not path.name.startswith((".", "part-"))} == {
        "_job.json", "_manifest.json", "_SUCCESS", "_quarantine", "_ranking", "_shards",
    }  # fmt: skip
    wanted = scores(day).to_pandas()
    assert len(wanted) > 100
    pd.testing.assert_frame_equal(pd.read_parquet(day), wanted)
    pd.testing.assert_frame_equal(dataset.dataset(day).to_table().to_pandas(), wanted)
    assert pq.read_table(day).num_rows == len(wanted)
    assert set(pd.read_parquet(day / "_ranking")) >= {"user_id", "rank", "score"}
    assert list(pd.read_parquet(day / "_quarantine")) == ["file", "row", "column", "reason"]


def test_duckdb_reads_it_too(scored):
    duckdb = pytest.importorskip("duckdb")
    day, _ = scored
    found = duckdb.sql(f"select count(*) from read_parquet('{day}/*.parquet')").fetchall()
    assert found == [(len(scores(day)),)]


def test_a_folder_of_an_earlier_version_goes_on_under_the_names_of_today(reference, settings, tmp_path):
    import shutil

    shutil.copytree(reference[0], tmp_path / "day")
    wanted = {path.relative_to(tmp_path / "day"): path.read_bytes() for path in (tmp_path / "day").rglob("*.*")}
    for path in [*(tmp_path / "day").glob("_*")]:
        if path.name != "_SUCCESS":
            path.rename(path.with_name(path.name.removeprefix("_")))
    assert (tmp_path / "day" / "job.json").exists()
    assert run(settings(tmp_path / "day")).scored_now == 0
    found = {path.relative_to(tmp_path / "day"): path.read_bytes() for path in (tmp_path / "day").rglob("*.*")}
    assert found.keys() == wanted.keys()
    assert json.loads((tmp_path / "day" / "_manifest.json").read_text())["rows"] == reference[1].measures.read
    # A file that only happens to be called so is nobody's business.
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "job.json").write_text('{"model": 1}')
    with pytest.raises(ScoringError, match="holds job.json, which is of no scoring job"):
        run(settings(tmp_path / "other"))
    assert (tmp_path / "other" / "job.json").exists()
    assert not [path for path in (tmp_path / "day").iterdir() if path.name in ("job.json", "quarantine")]
