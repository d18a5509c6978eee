"""Jobs on one machine, over a small log with every kind of column."""

import gzip
import json
import shutil

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from tests.support.every_kind import every_kind_rows, every_kind_schema
from tests.support.scored import parts, run, scores
from tfelc.core.errors import ScoringError
from tfelc.lifecycle.scoring import input_reader
from tfelc.lifecycle.scoring.shard import Shard
from tfelc.ranker.export.example_format import write_examples
from tfelc.ranker.export.requests import request_inputs
from tfelc.ranker.export.sample_rows import plain
from tfelc.ranker.export.trained_answers import trained_answers
from tfelc.ranker.scoring.scoring_job import ScoringJob

SCHEMA = every_kind_schema()


def test_every_row_is_scored_as_the_trained_ranker_does_in_the_order_of_the_input(reference, log_rows, trained):
    out, _ = reference
    found = scores(out)
    answers, tied = trained_answers(trained, plain(log_rows, SCHEMA))
    assert found.column_names == ["impression", "user_id", *answers, "model_version"]
    assert found["impression"].to_pylist() == log_rows["impression"].to_pylist()
    assert found["user_id"].to_pylist() == log_rows["user_id"].to_pylist()
    assert set(found["model_version"].to_pylist()) == {1}
    for name, expected in answers.items():
        at = ~tied if name == "cluster" else slice(None)
        np.testing.assert_allclose(found[name].to_numpy()[at], expected[at], rtol=0, atol=1e-5, err_msg=name)


def test_one_part_a_row_group_and_a_manifest_that_says_what_they_hold(reference, log):
    out, summary = reference
    manifest = json.loads((out / "_manifest.json").read_text())
    expected = [f"part-00000-{n:05d}.parquet" for n in range(5)] + [f"part-00001-{n:05d}.parquet" for n in range(3)]
    assert list(manifest["parts"]) == sorted(path.name for path in out.glob("part-*")) == expected
    assert [part["rows"] for part in manifest["parts"].values()] == [90, 90, 90, 90, 40, 90, 90, 20]
    assert manifest["rows"] == manifest["scored_rows"] == summary.measures.read == 600
    assert manifest["model"]["version"] == 1 and manifest["schema_hash"] == SCHEMA.hash()
    for name, part in manifest["parts"].items():
        import hashlib

        assert part["sha256"] == hashlib.sha256((out / name).read_bytes()).hexdigest()
        assert part["source"].startswith(str(log))
    assert (out / "_SUCCESS").read_bytes() == b""
    assert not list(out.rglob("*.tmp"))


def test_quantiles_of_the_summary_are_those_of_the_scores(reference):
    out, summary = reference
    click = scores(out)["click"].to_numpy()
    for share, found in zip((0.01, 0.1, 0.5, 0.9, 0.99), summary.quantiles("click"), strict=True):
        assert found == pytest.approx(np.quantile(click, share, method="inverted_cdf"), rel=0.004)


def test_drift_is_small_on_rows_like_those_of_the_export_and_large_on_others(reference, settings, tmp_path):
    _, summary = reference
    assert summary.drift["features"].keys() == SCHEMA.features.keys()
    assert summary.drift["features"]["hour"] < 0.2 and summary.drift["outputs"]["click"] < 0.2
    moved = every_kind_rows(300, 70)
    moved = moved.set_column(moved.column_names.index("hour"), "hour", pc.add(moved["hour"], 20.0))
    pq.write_table(moved, tmp_path / "moved.parquet")
    drift = run(settings(tmp_path / "out", inputs=(f"{tmp_path}/moved.parquet",))).drift["features"]
    assert drift["hour"] > 1 and drift["visits"] < 0.2


def test_shards_together_write_what_one_process_writes(reference, settings, tmp_path):
    out = tmp_path / "scores"
    for index in (3, 1):
        assert not run(settings(out, shard=Shard(index, 3))).complete
        assert not (out / "_SUCCESS").exists()
    summary = run(settings(out, shard=Shard(2, 3)))
    assert summary.complete and summary.measures.read == 600 and summary.scored_now < 400
    assert parts(out) == parts(reference[0])
    assert (out / "_SUCCESS").exists()
    with pytest.raises(ScoringError, match="another `shards`"):
        run(settings(out))


def test_small_batches_change_nothing_but_the_last_bits(reference, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(input_reader, "BATCH", 32)
    run(settings(tmp_path / "scores"))
    one, other = scores(tmp_path / "scores"), scores(reference[0])
    assert one["impression"] == other["impression"]
    np.testing.assert_allclose(one["click"].to_numpy(), other["click"].to_numpy(), atol=1e-6)


def test_csv_and_tfrecord_score_as_parquet(reference, settings, log_rows, tmp_path, monkeypatch):
    monkeypatch.setattr(input_reader, "BATCH", 64)
    monkeypatch.setattr(input_reader, "PIECE", 256)
    text = log_rows
    for name in SCHEMA.of_kind("list"):
        joined = ["|".join(map(str, values)) for values in log_rows[name].to_pylist()]
        text = text.set_column(text.column_names.index(name), name, pa.array(joined))
    with gzip.open(tmp_path / "log.csv.gz", "wb") as file:
        pc_csv.write_csv(text, file)
    features = plain(log_rows, SCHEMA)
    records = write_examples(SCHEMA, request_inputs(SCHEMA, "serving_default", features))
    with tf.io.TFRecordWriter(str(tmp_path / "log.tfrecord")) as writer:
        for record, impression in zip(records, log_rows["impression"].to_pylist(), strict=True):
            example = tf.train.Example.FromString(record)
            example.features.feature["impression"].int64_list.value.append(impression)
            writer.write(example.SerializeToString())
    expected = scores(reference[0])
    for name in ("log.csv.gz", "log.tfrecord"):
        out = tmp_path / f"of-{name}"
        run(settings(out, inputs=(f"{tmp_path}/{name}",)))
        assert [path.name for path in sorted(out.glob("part-*"))] == [f"part-00000-{n:05d}.parquet" for n in range(3)]
        found = scores(out)
        assert found["impression"] == expected["impression"]
        for output in ("click", "buy", "click_and_buy"):
            np.testing.assert_allclose(found[output].to_numpy(), expected[output].to_numpy(), rtol=0, atol=1e-5)


def test_reads_from_and_writes_to_any_url_of_fsspec(reference, settings, log):
    system = fsspec.filesystem("memory")
    system.put(f"{log}/", "memory://bucket/log", recursive=True)
    job = settings("memory://bucket/scores", inputs=("memory://bucket/log/*.parquet",))
    run(job)
    assert run(job).scored_now == 0
    for path in reference[0].glob("part-*"):
        found = pq.read_table(pa.BufferReader(system.cat_file(f"/bucket/scores/{path.name}")))
        assert found == pq.read_table(path)
    assert system.exists("/bucket/scores/_SUCCESS")


def test_a_finished_job_is_not_done_again_and_another_one_is_refused(reference, settings, tmp_path):
    shutil.copytree(reference[0], tmp_path / "scores")
    again = run(settings(tmp_path / "scores"))
    assert again.scored_now == 0 and again.measures.read == 600
    assert again.quantiles("click") == reference[1].quantiles("click")
    for change in ({"limit": 10}, {"keep": ("price",)}):
        with pytest.raises(ScoringError, match="holds the scores of a job with another"):
            run(settings(tmp_path / "scores", **change))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").touch()
    with pytest.raises(ScoringError, match="holds notes.txt"):
        run(settings(tmp_path / "other"))


def test_two_jobs_do_not_share_a_folder_unless_they_are_shards(settings, tmp_path):
    from tfelc.lifecycle.scoring.output_folder import OutputFolder

    out = tmp_path / "scores"
    job = ScoringJob(settings(out))
    with OutputFolder(str(out), job.identity, Shard()).opened():
        with pytest.raises(ScoringError, match="another job is writing there"):
            job.run()
    sharded = [ScoringJob(settings(tmp_path / "shards", shard=Shard(index, 2))) for index in (1, 2)]
    with OutputFolder(str(tmp_path / "shards"), sharded[0].identity, Shard(1, 2)).opened():
        with pytest.raises(ScoringError, match="another job is writing there"):
            sharded[0].run()
        assert not sharded[1].run().complete


def test_a_damaged_part_or_job_file_is_named(reference, settings, tmp_path):
    shutil.copytree(reference[0], tmp_path / "scores")
    part = tmp_path / "scores" / "part-00000-00003.parquet"
    for content in (b"", part.read_bytes()[:100]):
        part.write_bytes(content)
        with pytest.raises(ScoringError, match="scores/part-00000-00003.parquet: damaged; remove it"):
            run(settings(tmp_path / "scores"))
    part.unlink()
    assert run(settings(tmp_path / "scores")).scored_now == 90
    (tmp_path / "scores" / "_job.json").write_text("{")
    with pytest.raises(ScoringError, match="_job.json: damaged"):
        run(settings(tmp_path / "scores"))


def test_limit_takes_the_first_rows(reference, settings, tmp_path):
    summary = run(settings(tmp_path / "scores", limit=130))
    assert summary.measures.read == 130
    assert scores(tmp_path / "scores").equals(scores(reference[0]).slice(0, 130))


def test_preview_writes_nothing(reference, settings, tmp_path):
    rows = ScoringJob(settings(tmp_path / "scores")).preview()
    assert rows["impression"].to_pylist() == scores(reference[0])["impression"].to_pylist()[:5]
    np.testing.assert_allclose(rows["click"].to_numpy(), scores(reference[0])["click"].to_numpy()[:5], atol=1e-6)
    assert not (tmp_path / "scores").exists()
