"""Jobs over rows, files and disks that are not as they should be."""

import resource
import shutil
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from tests.support.scored import parts, run, scores
from tfelc.core.errors import BadRowsError, DataError, ExportError, ScoringError, UsageError
from tfelc.lifecycle.scoring.shard import Shard
from tfelc.ranker.scoring.scoring_job import ScoringJob


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
    found = pa.concat_tables([pq.read_table(path) for path in sorted((tmp_path / "scores/_quarantine").iterdir())])
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
    assert not (tmp_path / "strict/_SUCCESS").exists() and (tmp_path / "strict/_quarantine").is_dir()
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
    quarantined = pq.read_table(tmp_path / "scores/_quarantine/part-00000-00000.parquet")
    assert quarantined["row"].to_pylist() == [2, 3]
    assert "price" in quarantined["reason"][1].as_py()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda rows, path: pq.write_table(rows.drop_columns(["visits"]), path), "column `visits` is missing"),
        (lambda rows, path: path.write_bytes(path.read_bytes()[:2000]), "not a readable Parquet file"),
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
    with pytest.raises(DataError, match="log-1.parquet: not a readable Parquet file"):
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
        ({"model": exported.path.parent.parent}, "holds no version, BASE/<integer>"),
        ({"model": tmp_path / "none"}, "no such folder"),
        ({"keep": ("color",)}, "no column `color`"),
        ({"limit": 5, "shard": Shard(1, 2)}, "exclude each other"),
        ({"top_k": 3}, "go together"),
        ({"top_k": 3, "by": "user_id", "score": "click * color"}, "no output `color`"),
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
