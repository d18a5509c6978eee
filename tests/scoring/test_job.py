"""Jobs on one machine, over a small log with every kind of column."""

import gzip
import json
import resource
import shutil
from dataclasses import replace

import fsspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pc_csv
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from tests.support.every_kind import every_kind_rows, every_kind_schema
from tfelc.errors import BadRowsError, DataError, ExportError, ScoringError, UsageError
from tfelc.export.example_format import write_examples
from tfelc.export.requests import request_inputs
from tfelc.export.sample_rows import plain
from tfelc.export.trained_answers import trained_answers
from tfelc.scoring import input_reader
from tfelc.scoring.job import ScoringJob
from tfelc.scoring.shard import Shard

SCHEMA = every_kind_schema()


def run(settings):
    return ScoringJob(settings).run()


def scores(folder) -> pa.Table:
    return pa.concat_tables([pq.read_table(path) for path in sorted(folder.glob("part-*.parquet"))])


def parts(folder) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.rglob("*.parquet")}


@pytest.fixture(scope="session")
def reference(tmp_path_factory, settings):
    out = tmp_path_factory.mktemp("reference") / "scores"
    summary = run(settings(out))
    return out, summary


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
    manifest = json.loads((out / "manifest.json").read_text())
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
    from tfelc.scoring.output_folder import OutputFolder

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
    (tmp_path / "scores" / "job.json").write_text("{")
    with pytest.raises(ScoringError, match="job.json: damaged"):
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


def broken(log_rows) -> pa.Table:
    """100 rows, of which 7, 20 and 55 cannot be scored."""
    columns = {name: log_rows[name].to_pylist()[:100] for name in log_rows.column_names}
    columns["impression"][7] = None
    columns["price"] = [None if value is None else str(value) for value in columns["price"]]
    columns["price"][20] = "cheap"
    columns["visits"][55] = float("inf")
    columns["visits"][56] = float("nan")
    return pa.table(columns)


def test_rows_that_cannot_be_scored_are_set_aside_with_the_reason(reference, settings, log_rows, tmp_path):
    pq.write_table(broken(log_rows), tmp_path / "bad.parquet", row_group_size=50)
    job = settings(tmp_path / "scores", inputs=(f"{tmp_path}/bad.parquet",), max_bad_rows=0.03)
    summary = run(job)
    assert (summary.measures.read, summary.measures.bad, summary.scored) == (100, 3, 97)
    found = pa.concat_tables([pq.read_table(path) for path in sorted((tmp_path / "scores/quarantine").iterdir())])
    assert found["row"].to_pylist() == [8, 21, 56]
    assert found["column"].to_pylist() == ["impression", "price", "visits"]
    assert set(found["file"].to_pylist()) == {f"{tmp_path}/bad.parquet"}
    assert "must not be null" in found["reason"][0].as_py()
    assert "'cheap'" in found["reason"][1].as_py()
    assert "finite or null. Received: inf" in found["reason"][2].as_py()
    kept = [row for row in range(100) if row not in (7, 20, 55)]
    expected = scores(reference[0]).take(kept)
    others = [row for row, each in enumerate(kept) if each != 56]
    assert scores(tmp_path / "scores")["impression"] == expected["impression"]
    np.testing.assert_allclose(
        scores(tmp_path / "scores")["click"].to_numpy()[others], expected["click"].to_numpy()[others], atol=1e-6
    )
    with pytest.raises(BadRowsError, match="3 of 100 rows could not be scored") as error:
        run(replace(job, output=str(tmp_path / "strict"), max_bad_rows=0.029))
    assert error.value.exit_code == 3
    assert not (tmp_path / "strict/_SUCCESS").exists() and (tmp_path / "strict/quarantine").is_dir()
    # With a wider allowance nothing is scored again.
    assert run(replace(job, output=str(tmp_path / "strict"))).scored_now == 0
    assert (tmp_path / "strict/_SUCCESS").exists()


def test_a_record_that_cannot_be_parsed_is_set_aside(settings, tmp_path):
    good = tf.train.Example()
    good.features.feature["impression"].int64_list.value.append(5)
    wrong = tf.train.Example()
    wrong.features.feature["price"].bytes_list.value.append(b"cheap")
    with tf.io.TFRecordWriter(str(tmp_path / "log.tfrecord")) as writer:
        for record in (good.SerializeToString(), b"no example", wrong.SerializeToString(), good.SerializeToString()):
            writer.write(record)
    summary = run(settings(tmp_path / "scores", inputs=(f"{tmp_path}/log.tfrecord",), max_bad_rows=1))
    assert (summary.measures.read, summary.measures.bad) == (4, 2)
    quarantined = pq.read_table(tmp_path / "scores/quarantine/part-00000-00000.parquet")
    assert quarantined["row"].to_pylist() == [2, 3]
    assert "price" in quarantined["reason"][1].as_py()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda rows, path: pq.write_table(rows.drop_columns(["price"]), path), "column `price` is missing"),
        (lambda rows, path: path.write_bytes(path.read_bytes()[:2000]), "not a readable parquet file"),
        (lambda rows, path: path.write_bytes(b""), "the file is empty"),
        (
            lambda rows, path: pq.write_table(rows.set_column(0, "impression", pa.array([[1]] * len(rows))), path),
            "column `impression` is list",
        ),
    ],
)
def test_an_unfit_file_stops_the_job_before_anything_is_written(settings, log, log_rows, tmp_path, spoil, message):
    shutil.copytree(log, tmp_path / "log")
    spoil(log_rows.slice(0, 50), tmp_path / "log" / "log-1.parquet")
    with pytest.raises(DataError, match=message) as error:
        run(settings(tmp_path / "scores", inputs=(f"{tmp_path}/log/*.parquet",)))
    assert "log-1.parquet" in str(error.value)
    assert not (tmp_path / "scores").exists()


def test_a_file_damaged_inside_leaves_no_mark_of_success(settings, log, tmp_path):
    shutil.copytree(log, tmp_path / "log")
    path = tmp_path / "log" / "log-1.parquet"
    content = bytearray(path.read_bytes())
    chunk = pq.read_metadata(path).row_group(1).column(6)
    content[chunk.dictionary_page_offset or chunk.data_page_offset] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataError, match="log-1.parquet: not a readable parquet file"):
        run(settings(tmp_path / "scores", inputs=(f"{tmp_path}/log/*.parquet",)))
    assert not (tmp_path / "scores/_SUCCESS").exists()


def test_a_full_disk_leaves_no_mark_of_success_and_the_job_can_go_on(reference, settings, tmp_path):
    out = tmp_path / "scores"
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    job = ScoringJob(settings(out))
    job.ranker.load()
    smallest = min(len(content) for content in parts(reference[0]).values())
    resource.setrlimit(resource.RLIMIT_FSIZE, (smallest, hard))
    try:
        with pytest.raises(ScoringError, match="part-00000-00000.parquet: cannot be written: File too large"):
            job.run()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not (out / "_SUCCESS").exists() and not list(out.glob("part-*")) and not list(out.glob(".*.tmp"))
    run(settings(out))
    assert parts(out) == parts(reference[0])


def test_calls_that_cannot_work_are_refused(settings, exported, tmp_path):
    out = tmp_path / "scores"
    for changes, message in (
        ({"model": exported.path.parent}, "it holds the versions 1: name one of them"),
        ({"model": tmp_path / "none"}, "no such folder"),
        ({"keep": ("colour",)}, "no column `colour`"),
        ({"limit": 5, "shard": Shard(1, 2)}, "exclude each other"),
        ({"top_k": 3}, "go together"),
        ({"top_k": 3, "by": "user_id", "score": "click * colour"}, "no output `colour`"),
        ({"top_k": 3, "by": "history", "score": "click"}, "a list cannot be ranked by"),
    ):
        with pytest.raises(UsageError, match=message):
            ScoringJob(settings(out, **changes))
    with pytest.raises(DataError, match="no file matches"):
        ScoringJob(settings(out, inputs=(f"{tmp_path}/*.parquet",)))
    (tmp_path / "7").mkdir()
    with pytest.raises(ExportError, match="not an export of tfelc"):
        ScoringJob(settings(out, model=tmp_path / "7"))
    assert not out.exists()
