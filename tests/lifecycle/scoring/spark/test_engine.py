"""A standalone cluster of Spark, a master and two workers, writes what one machine writes."""

import json
import shutil
import threading
import time
from dataclasses import asdict
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet as pq
import pytest
import yaml

import tfelc
from tests.support.every_kind import SCHEMA
from tests.support.scored import parts, run, scores
from tests.support.shop_log import COUNTED, SHOP, shop, shop_log
from tfelc.core.errors import BadRowsError, DataError, ScoringError, UsageError
from tfelc.data import log_preparation
from tfelc.data.dataset import Dataset
from tfelc.lifecycle.scoring.shard import Shard
from tfelc.next_item.scoring.top_k_job import TopKJob, TopKSettings
from tfelc.ranker.scoring.scoring_job import ScoringJob
from tfelc.schema.schema import Schema

pytest.importorskip("pyspark", reason="PySpark is not installed: pip install -c constraints.txt -e '.[spark]'")

from tests.support.spark_cluster import why_not  # noqa: E402
from tests.support.spark_jobs import HeldUp, HeldUpFiles  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.skipif(why_not() is not None, reason=str(why_not()))]


@pytest.fixture
def one_task_a_piece(monkeypatch):
    from tfelc.lifecycle.scoring.spark import score_pieces

    monkeypatch.setattr(score_pieces, "ROWS_A_TASK", 1)


@pytest.fixture(scope="module")
def table(engine, log):
    """The log as a view of Spark's, of four partitions."""
    from pyspark.sql import SparkSession

    frame = SparkSession.getActiveSession().read.parquet(str(log)).repartition(4)
    frame.createOrReplaceTempView("impressions")
    return "spark:impressions"


def assert_same_rows(found: pa.Table, expected: pa.Table) -> None:
    """In whatever order; the last bit of a score goes with the rows of its batch, which Spark chooses for a table."""
    found, expected = (rows.sort_by("impression") for rows in (found, expected))
    assert found.schema.equals(expected.schema) and len(found) == len(expected)
    for name in expected.column_names:
        if pa.types.is_floating(expected[name].type):
            np.testing.assert_allclose(found[name].to_numpy(), expected[name].to_numpy(), rtol=0, atol=1e-6)
        else:
            assert found[name].equals(expected[name]), name


def manifest(folder):
    return json.loads((folder / "_manifest.json").read_text())


def test_of_files_the_output_is_that_of_one_machine(engine, settings, tmp_path, one_task_a_piece):
    wanted = {"keep": ("product_id",), "top_k": 2, "by": "user_id", "score": "click * buy", "max_bad_rows": 0.2}
    one = run(settings(tmp_path / "one", **wanted))
    two = ScoringJob(settings(tmp_path / "spark", **wanted)).run(engine)
    assert parts(tmp_path / "one") == parts(tmp_path / "spark")
    assert list((tmp_path / "spark/_quarantine").iterdir())
    assert two.metadata() == one.metadata() and two.scored_now == 600
    assert manifest(tmp_path / "one") == manifest(tmp_path / "spark")
    assert (tmp_path / "spark/_SUCCESS").exists()


def test_it_goes_on_where_the_other_engine_stopped(engine, settings, reference, tmp_path):
    shutil.copytree(reference[0], tmp_path / "scores")
    for name in ("_SUCCESS", "part-00000-00001.parquet", "part-00001-00002.parquet"):
        (tmp_path / "scores" / name).unlink()
    assert ScoringJob(settings(tmp_path / "scores")).run(engine).scored_now == 110
    assert parts(tmp_path / "scores") == parts(reference[0])


def test_the_best_items_of_many_users_are_those_of_one_machine(engine, exported_recommender, recommender_run, tmp_path):
    items = list(recommender_run.catalog)
    histories = [items[number : number + number % 5] for number in range(60)]
    users = pa.table({"user_id": [f"user {number}" for number in range(60)], "history": histories})
    pq.write_table(users, tmp_path / "users.parquet", row_group_size=20)

    def job(name):
        asked = {"model": exported_recommender.path, "inputs": (f"{tmp_path}/users.parquet",), "k": 5}
        return TopKJob(TopKSettings(**asked, output=str(tmp_path / name)))

    job("one").run()
    job("spark").run(engine)
    assert parts(tmp_path / "one") == parts(tmp_path / "spark") and len(parts(tmp_path / "one")) == 3


def test_a_table_that_spark_reads_gives_the_rows_and_counts_of_one_machine(
    engine, settings, table, reference, tmp_path
):
    summary = ScoringJob(settings(tmp_path / "scores", inputs=(table,))).run(engine)
    assert_same_rows(scores(tmp_path / "scores"), scores(reference[0]))
    assert summary.measures.read == 600 and (tmp_path / "scores/_SUCCESS").exists()
    for name, counts in reference[1].measures.histograms.items():
        # A score may cross the border of a bin by its last bit.
        assert abs(summary.measures.histograms[name] - counts).sum() <= 4
    assert len(manifest(tmp_path / "scores")["parts"]) == 4
    with pytest.raises(ScoringError, match=r"holds parts of spark:impressions, which cannot be gone on with"):
        ScoringJob(settings(tmp_path / "scores", inputs=(table,))).run(engine)


def test_a_frame_keeps_its_rows_and_gets_scores_or_a_fault(engine, exported, log_rows, reference, tmp_path):
    from pyspark.sql import SparkSession

    ids = log_rows["impression"].to_pylist()
    ids[7] = None
    rows = log_rows.set_column(0, "impression", [ids]).append_column("note", [[f"row {n}" for n in range(600)]])
    pq.write_table(rows, tmp_path / "log.parquet")
    frame = SparkSession.getActiveSession().read.parquet(str(tmp_path / "log.parquet"))
    found = tfelc.spark.score(frame, exported.path).toArrow()
    assert found.column_names[: len(rows.column_names)] == rows.column_names and found.column_names[-1] == "fault"
    assert found["note"].to_pylist() == rows["note"].to_pylist()
    faults = found["fault"].to_pylist()
    assert faults[7] == "impression: a id must not be null or NaN" and faults.count(None) == 599
    assert found["click"][7].as_py() is None and found["model_version"].null_count == 1
    kept = found.filter(pa.compute.is_null(found["fault"])).select(scores(reference[0]).column_names)
    expected = scores(reference[0])
    assert_same_rows(kept, expected.filter(pa.compute.not_equal(expected["impression"], log_rows["impression"][7])))
    with pytest.raises(UsageError, match="has a column `CLICK`|has a column `click`"):
        tfelc.spark.score(frame.withColumnRenamed("note", "CLICK"), exported.path)


@pytest.mark.parametrize("by", ["time", "user"])
def test_a_table_that_spark_reads_is_prepared_as_files_are(engine, log_rows, tmp_path, by):
    """Here, where a session runs; each of the passes over the log must see the same order of rows."""
    from pyspark.sql import SparkSession

    times = pa.array(1_700_000_000 + 3_600 * np.arange(len(log_rows)))
    rows = log_rows.set_column(log_rows.column_names.index("at"), "at", times)
    pq.write_table(rows, tmp_path / "log.parquet", row_group_size=90)
    frame = SparkSession.getActiveSession().read.parquet(str(tmp_path / "log.parquet"))
    frame.repartition(4).createOrReplaceTempView("visits")
    described = {**yaml.safe_load(SCHEMA), "split": {"by": by, "validation": 0.2, "test": 0.2}}
    described["aggregates"] = {"clicks": {"by": "user_id", "compute": "count", "where": "clicked", "delay": 1}}
    schema = Schema.parse(described, "every_kind")
    log_preparation.prepare(schema, "spark:visits", tmp_path / "spark")
    log_preparation.prepare(schema, str(tmp_path / "log.parquet"), tmp_path / "files")
    found, expected = (Dataset(tmp_path / name) for name in ("spark", "files"))
    for split in ("train", "validation", "test"):
        rows = [pa.concat_tables(each.tables(split, list(schema.columns))) for each in (found, expected)]
        assert rows[0].sort_by("impression").to_pylist() == rows[1].sort_by("impression").to_pylist()
    assert found.manifest.source == "spark:visits" and found.manifest.rows == expected.manifest.rows


def files_of(folder):
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert found.pop("_SUCCESS", b"") == b""
    return found


def test_a_frame_is_prepared_and_a_bad_value_of_it_is_told_in_one_line(engine, tmp_path):
    from pyspark.sql import SparkSession
    from pyspark.sql.functions import expr

    pq.write_table(shop_log(), tmp_path / "log.parquet")
    frame = SparkSession.getActiveSession().read.parquet(str(tmp_path / "log.parquet")).repartition(3, "row")
    log_preparation.prepare(shop("user"), str(tmp_path / "log.parquet"), tmp_path / "one")
    tfelc.spark.prepare(frame, shop("user"), tmp_path / "spark")
    found, expected = (Dataset(tmp_path / name) for name in ("spark", "one"))
    for split in ("train", "validation", "test"):
        rows = [pa.concat_tables(each.tables(split, list(SHOP["columns"]))) for each in (found, expected)]
        assert rows[0].sort_by("row").to_pylist() == rows[1].sort_by("row").to_pylist()
    assert found.manifest.rows == expected.manifest.rows and found.manifest.source == "frame"
    bad = frame.withColumn("click", expr("CASE WHEN row = 77 THEN 3 ELSE click END"))
    with pytest.raises(
        DataError, match=r"^frame, partition \d: column `click`, row \d+: .* must be 0 or 1. Received: 3$"
    ):
        tfelc.spark.prepare(bad, shop("user"), tmp_path / "bad")
    assert {path.name for path in tmp_path.iterdir()} == {"log.parquet", "one", "spark"}


def test_a_log_in_files_is_prepared_to_the_bytes_of_one_machine_though_a_worker_is_killed(
    cluster, engine, tmp_path, monkeypatch
):
    """With features that Spark's SQL counts, and their state."""
    monkeypatch.setattr("tfelc.data.spark.preparation.spark_log.ROWS_A_TASK", 200)
    pq.write_table(shop_log(), tmp_path / "log.parquet", row_group_size=100)
    schema = shop(aggregates=COUNTED)
    log_preparation.prepare(schema, str(tmp_path / "log.parquet"), tmp_path / "one")
    (tmp_path / "marks").mkdir()
    held_up = partial(HeldUpFiles, marks=str(tmp_path / "marks"), waiting=2, seconds=3)
    monkeypatch.setattr("tfelc.data.spark.preparation.spark_log.StageFiles", held_up)

    def kill():
        while len(list((tmp_path / "marks").iterdir())) < 2:
            time.sleep(0.05)
        cluster.kill_worker(1)
        cluster.start_worker(1)

    killer = threading.Thread(target=kill)
    killer.start()
    tfelc.spark.prepare(str(tmp_path / "log.parquet"), schema, tmp_path / "spark")
    killer.join()
    assert files_of(tmp_path / "spark") == files_of(tmp_path / "one")
    assert "state/user.parquet" in files_of(tmp_path / "spark") and (tmp_path / "spark/_SUCCESS").exists()


def test_too_many_bad_rows_fail_the_job(engine, settings, log_rows, tmp_path):
    from pyspark.sql import SparkSession

    ids = log_rows["impression"].to_pylist()
    ids[7] = ids[450] = None
    pq.write_table(log_rows.set_column(0, "impression", [ids]), tmp_path / "log.parquet")
    SparkSession.getActiveSession().read.parquet(str(tmp_path / "log.parquet")).createOrReplaceTempView("holed")
    for name in (str(tmp_path / "log.parquet"), "spark:holed"):
        out = tmp_path / ("table" if name.startswith("spark:") else "file")
        with pytest.raises(BadRowsError, match="2 of 600 rows could not be scored"):
            ScoringJob(settings(out / "scores", inputs=(name,))).run(engine)
        assert not (out / "scores/_SUCCESS").exists()
        bad = pa.concat_tables(pq.read_table(each) for each in (out / "scores/_quarantine").iterdir())
        assert bad["row"].to_pylist() == [8, 451] and set(bad["column"].to_pylist()) == {"impression"}
        assert len(scores(out / "scores")) == 598


def test_a_limit_and_shards_of_a_table_are_refused(engine, settings, table, tmp_path):
    with pytest.raises(UsageError, match="`limit` is for one machine"):
        ScoringJob(settings(tmp_path / "scores", limit=5)).run(engine)
    with pytest.raises(UsageError, match="`shard` cannot cut a table"):
        ScoringJob(settings(tmp_path / "others", inputs=(table,), shard=Shard(1, 2))).run(engine)


def held_up(settings, folder, **changes):
    (folder / "marks").mkdir()
    plain = asdict(settings(folder / "scores"))
    return HeldUp(**{**plain, "shard": Shard(), "marks": str(folder / "marks"), **changes})


@pytest.mark.parametrize("kind", ["files", "table"])
def test_of_a_task_that_runs_twice_nothing_is_there_twice(
    engine, settings, table, reference, tmp_path, one_task_a_piece, kind
):
    inputs = {"inputs": (table,)} if kind == "table" else {}
    began = time.monotonic()
    summary = ScoringJob(held_up(settings, tmp_path, seconds=60, **inputs)).run(engine)
    assert time.monotonic() - began < 60, "the copy of the task was not the one that counted"
    assert summary.measures.read == 600
    assert_same_rows(scores(tmp_path / "scores"), scores(reference[0]))
    assert not (tmp_path / "scores/_attempts").exists()


def test_a_worker_that_is_killed_on_the_way_changes_nothing(
    cluster, engine, settings, reference, tmp_path, one_task_a_piece
):
    job = ScoringJob(held_up(settings, tmp_path, waiting=2, seconds=3))

    def kill():
        while len(list((tmp_path / "marks").iterdir())) < 2:
            time.sleep(0.05)
        cluster.kill_worker(1)

    killer = threading.Thread(target=kill)
    killer.start()
    job.run(engine)
    killer.join()
    assert parts(tmp_path / "scores") == parts(reference[0])
    assert (tmp_path / "scores/_SUCCESS").exists()


def test_a_model_that_a_worker_lacks_is_told_in_one_line(engine, settings, exported, tmp_path):
    model = tmp_path / "models/1"
    shutil.copytree(exported.path, model)
    job = ScoringJob(settings(tmp_path / "scores", model=model))
    assert job.scorer.model.fingerprint
    shutil.rmtree(model)
    with pytest.raises(ScoringError, match=r"^on worker \S+: .*models/1") as told:
        job.run(engine)
    assert "\n" not in str(told.value) and "Traceback" not in str(told.value)
