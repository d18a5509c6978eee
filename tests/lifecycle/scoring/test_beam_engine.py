"""Beam's direct runner writes what one machine writes, byte for byte."""

import gzip
import json
import os
import subprocess
import sys

import pyarrow.csv as pc_csv
import pyarrow.parquet as pq
import pytest

from tfelc.core.errors import UsageError
from tfelc.lifecycle.scoring.shard import Shard
from tfelc.ranker.scoring.scoring_job import ScoringJob

pytest.importorskip("apache_beam", reason="Apache Beam is not installed: pip install -c constraints.txt -e '.[beam]'")


def beam_run(settings, *options):
    from tfelc.lifecycle.scoring.beam_engine import beam_engine

    return ScoringJob(settings).run(beam_engine(options))


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


def test_the_output_is_that_of_one_machine(settings, tmp_path):
    wanted = {"keep": ("product_id",), "top_k": 2, "by": "user_id", "score": "click * buy", "max_bad_rows": 0.2}
    one = ScoringJob(settings(tmp_path / "one", **wanted)).run()
    two = beam_run(settings(tmp_path / "beam", **wanted))
    assert contents(tmp_path / "one") == contents(tmp_path / "beam")
    assert any(name.startswith("_quarantine/") for name in contents(tmp_path / "beam"))
    assert two.metadata() == one.metadata() and two.scored_now == 600
    manifests = [json.loads((tmp_path / name / "_manifest.json").read_text()) for name in ("one", "beam")]
    assert manifests[0] == manifests[1]
    assert (tmp_path / "beam/_SUCCESS").exists()


def test_workers_in_processes_of_their_own_as_a_cluster_has_them(settings, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    ScoringJob(settings(tmp_path / "one")).run()
    beam_run(settings(tmp_path / "beam"), "--direct_running_mode=multi_processing", "--direct_num_workers=2")
    assert contents(tmp_path / "one") == contents(tmp_path / "beam")


def test_it_goes_on_where_the_other_engine_stopped(settings, tmp_path):
    ScoringJob(settings(tmp_path / "whole")).run()
    ScoringJob(settings(tmp_path / "scores")).run()
    for name in ("_SUCCESS", "part-00000-00001.parquet", "part-00001-00002.parquet"):
        (tmp_path / "scores" / name).unlink()
    assert beam_run(settings(tmp_path / "scores")).scored_now == 110
    assert contents(tmp_path / "scores") == contents(tmp_path / "whole")


def test_files_without_row_groups_and_shards(settings, log_rows, tmp_path, monkeypatch):
    from tfelc.lifecycle.scoring import input_reader

    monkeypatch.setattr(input_reader, "BATCH", 64)
    monkeypatch.setattr(input_reader, "PIECE", 128)
    rows = log_rows.drop_columns(["history", "tags"])
    rows = rows.append_column("history", [[""] * len(rows)]).append_column("tags", [[""] * len(rows)])
    with gzip.open(tmp_path / "log.csv.gz", "wb") as file:
        pc_csv.write_csv(rows, file)
    inputs = (f"{tmp_path}/log.csv.gz",)
    ScoringJob(settings(tmp_path / "one", inputs=inputs)).run()
    for index in (1, 2):
        beam_run(settings(tmp_path / "beam", inputs=inputs, shard=Shard(index, 2)))
    assert contents(tmp_path / "one") == contents(tmp_path / "beam") and len(contents(tmp_path / "one")) == 5


def test_a_limit_is_refused(settings, tmp_path):
    with pytest.raises(UsageError, match="`limit` is for one machine"):
        beam_run(settings(tmp_path / "scores", limit=5))


def test_the_command_passes_the_runners_options_on(settings, log, tmp_path, exported):
    command = [
        sys.executable,
        "-m",
        "tfelc.commands",
        "score",
        "--model",
        str(exported.path),
        "--input",
        f"{log}/log-1.parquet",
    ]
    answer = subprocess.run(
        [*command, "--output", str(tmp_path / "scores"), "--engine", "beam", "--direct_num_workers", "1"],
        capture_output=True,
        text=True,
        timeout=900,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    assert answer.returncode == 0, answer.stderr
    assert "200 rows scored" in answer.stdout
    assert pq.read_metadata(tmp_path / "scores/part-00000-00000.parquet").num_rows == 90
