"""`tfelc score` as users call it: what it prints, and its exit codes."""

import pyarrow.parquet as pq
import pytest

from tests.support.command import call, printed_by
from tests.support.every_kind import every_kind_rows


@pytest.fixture
def score(exported, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *arguments: call("score", "--model", exported.path, *arguments)


def test_a_job_and_its_ranking(exported, log, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    ranking = ("--keep", "product_id", "--top-k", "2", "--by", "impression", "--score", "click * buy")
    arguments = ("--input", f"{log}/*.parquet", "--output", tmp_path / "scores", *ranking)
    printed = printed_by("score", "--model", exported.path, *arguments)
    for words in ("scores, model version 1", "PSI", "drift against the validation split", "600 rows scored, 0 in"):
        assert words in printed
    assert f"600 rows ranked: {tmp_path}/scores/_ranking" in printed


def test_a_dry_run_writes_nothing(score, log, tmp_path):
    answer = score("--input", f"{log}/*.parquet", "--output", tmp_path / "scores", "--dry-run")
    assert answer.code == 0, answer.err
    assert "2 files, 600 rows, model version 1: all is in order" in answer.out
    assert "click_and_buy" in answer.out and "the first 5 rows" in answer.out
    assert not (tmp_path / "scores").exists()


def test_too_many_bad_rows_end_with_exit_code_3(score, tmp_path):
    rows = every_kind_rows(100, 3)
    ids = rows["impression"].to_pylist()
    ids[4] = None
    pq.write_table(rows.set_column(0, "impression", [ids]), tmp_path / "log.parquet")
    answer = score("--input", tmp_path / "log.parquet", "--output", tmp_path / "scores")
    assert answer.code == 3
    assert answer.err.startswith("error: ") and answer.err.count("\n") == 1
    assert "1 of 100 rows could not be scored, more than --max-bad-rows 0.001" in answer.err


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
    assert answer.code == 2 and message in answer.err


def test_a_benchmark_of_no_model_is_one_line(every_kind_dataset, tmp_path):
    refused = call("benchmark", "scoring", "--model", tmp_path / "nope", "--data", every_kind_dataset.path)
    assert refused.code == 2 and refused.err.startswith(f"error: {tmp_path}/nope: no such folder; name an exported")
    assert refused.err.count("\n") == 1


def test_a_base_folder_stands_for_its_latest_version(exported, log, tmp_path):
    shown = call("score", "--model", exported.path.parent, "--input", f"{log}/*.parquet", "--dry-run")
    assert shown.code == 0 and "model version 1: all is in order" in shown.out
