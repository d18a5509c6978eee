"""`score.py` as users call it: what it prints, and its exit codes."""

import os
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from tests.support.every_kind import every_kind_rows


@pytest.fixture(scope="module")
def score(exported):
    def run(*arguments):
        return subprocess.run(
            [sys.executable, "pipelines/score.py", "--model", str(exported.path), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, "COLUMNS": "200"},
        )

    return run


def test_a_job_and_its_ranking(score, log, tmp_path):
    ranking = ("--keep", "product_id", "--top-k", "2", "--by", "impression", "--score", "click * buy")
    answer = score("--input", f"{log}/*.parquet", "--output", tmp_path / "scores", *ranking)
    assert answer.returncode == 0 and answer.stderr == "", answer.stderr
    for words in ("scores, model version 1", "PSI", "drift against the validation split", "600 rows scored, 0 in"):
        assert words in answer.stdout
    assert f"600 rows ranked: {tmp_path}/scores/ranking" in answer.stdout


def test_a_dry_run_writes_nothing(score, log, tmp_path):
    answer = score("--input", f"{log}/*.parquet", "--output", tmp_path / "scores", "--dry-run")
    assert answer.returncode == 0, answer.stderr
    assert "2 files, 600 rows, model version 1: all is in order" in answer.stdout
    assert "click_and_buy" in answer.stdout and "the first 5 rows" in answer.stdout
    assert not (tmp_path / "scores").exists()


def test_too_many_bad_rows_end_with_exit_code_3(score, tmp_path):
    rows = every_kind_rows(100, 3)
    ids = rows["impression"].to_pylist()
    ids[4] = None
    pq.write_table(rows.set_column(0, "impression", [ids]), tmp_path / "log.parquet")
    answer = score("--input", tmp_path / "log.parquet", "--output", tmp_path / "scores")
    assert answer.returncode == 3
    assert answer.stderr.startswith("error: ") and answer.stderr.count("\n") == 1
    assert "1 of 100 rows could not be scored, more than --max-bad-rows 0.001" in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "--output is missing"),
        (("--output", "o", "--shard", "4/3"), "--shard 4/3: write i/n"),
        (("--output", "o", "--flink_master", "x"), "no such option: --flink_master"),
    ],
)
def test_a_call_that_cannot_work_ends_with_exit_code_2(score, log, arguments, message):
    answer = score("--input", f"{log}/*.parquet", *arguments)
    assert answer.returncode == 2 and message in answer.stderr
