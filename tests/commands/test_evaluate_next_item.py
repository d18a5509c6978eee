import json
import re
import shutil

import numpy as np
import pytest

from tests.support.command import call
from tests.support.sequence_training import SMALL, create, finished, write_sequences

METRICS = ["hr@5", "hr@10", "hr@20", "ndcg@5", "ndcg@10", "ndcg@20"]
OF_LISTS = ["coverage@20", "novelty@20", "popularity_bias@20", "intra_list_diversity@20"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs on the same file, of which some users had their test item before, and one without clusters."""
    folder = tmp_path_factory.mktemp("runs")
    source = write_sequences(folder / "own.txt")
    lines = [line.split() for line in source.read_text().splitlines()]
    again = [[*line[:-1], line[1]] if number % 4 == 0 else line for number, line in enumerate(lines)]
    source.write_text("\n".join(map(" ".join, again)) + "\n")
    made = {
        "first": (*SMALL, "model.clusters.num_clusters=3"),
        "second": (*SMALL, "model.clusters.num_clusters=4", "training.seed=8"),
        "bare": (*SMALL, "model.name=sasrec"),
    }
    return {name: finished(folder / name, source, *settings).run.path for name, settings in made.items()}


def evaluate(run, *arguments):
    outcome = call("evaluate", "--run", run, *arguments)
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out


def assert_fails(outcome, code, message):
    assert outcome.code == code, outcome.err
    assert re.fullmatch(f"error: .*{message}.*\n", outcome.err), outcome.err
    assert outcome.out == ""


def test_json_is_one_object_and_what_training_measured(runs):
    result = json.loads(evaluate(runs["first"], "--json"))
    assert list(result) == ["split", "unit", "count", "metrics", "groups", "gates", "clusters", "yardsticks", "steps"]
    assert (result["split"], result["unit"], result["count"]) == ("test", "users", 120)
    assert list(result["metrics"]["next_item"]) == [*METRICS, *OF_LISTS]
    assert list(result["clusters"]) == ["num_clusters", "in_use", "largest_share", "silhouette", "groups"]
    measured = json.loads((runs["first"] / "metrics.json").read_text())
    del measured["best_epoch"]
    assert result == measured
    assert json.loads(evaluate(runs["bare"], "--json"))["clusters"] is None


def test_the_table_shows_the_same_figures_and_the_validation_split_its_own(runs):
    result = json.loads(evaluate(runs["first"], "--json"))
    shown = evaluate(runs["first"])
    (row,) = [line.split() for line in shown.splitlines() if line.split()[:1] == ["HR"]]
    assert row[1:] == [f"{result['metrics']['next_item'][f'hr@{cutoff}']:.4f}" for cutoff in (5, 10, 20)]
    validation = json.loads(evaluate(runs["first"], "--split", "validation", "--json"))
    history = json.loads((runs["first"] / "history.json").read_text())
    watched = history["history"][history["best_epoch"] - 1]["validation"]["metrics"]["next_item"]
    assert watched.items() <= validation["metrics"]["next_item"].items() and list(watched) == METRICS


def test_what_was_seen_can_be_kept(runs):
    filtered, kept = (
        json.loads(evaluate(runs["first"], "--json", *more))["metrics"]["next_item"]["hr@20"]
        for more in ((), ("--keep-seen",))
    )
    # A quarter of the users had their item before: certain misses, where what they had is no candidate.
    assert filtered <= 0.75 and filtered != kept
    assert "seen items too" in " ".join(evaluate(runs["first"], "--keep-seen").split())


def test_against_another_run(runs):
    first, second = (json.loads(evaluate(runs[name], "--json")) for name in ("first", "second"))
    result = json.loads(evaluate(runs["first"], "--against", runs["second"], "--json"))
    comparison = result.pop("against")
    assert result == first
    assert comparison["metrics"]["next_item"].items() <= second["metrics"]["next_item"].items()
    assert list(comparison["differences"]["next_item"]) == METRICS
    for metric, found in comparison["differences"]["next_item"].items():
        assert found["difference"] == pytest.approx(
            first["metrics"]["next_item"][metric] - second["metrics"]["next_item"][metric]
        )
        assert found["low"] <= found["difference"] <= found["high"] and 0 < found["p_value"] <= 1
    assert -0.5 <= comparison["adjusted_rand_index"] <= 1
    shown = " ".join(evaluate(runs["first"], "--against", runs["second"]).split())
    assert (
        "difference from" in shown and f"{comparison['differences']['next_item']['hr@5']['difference']:+.4f}" in shown
    )
    bare = json.loads(evaluate(runs["first"], "--against", runs["bare"], "--json"))["against"]
    assert bare["adjusted_rand_index"] is None
    itself = json.loads(evaluate(runs["first"], "--against", runs["first"], "--json"))["against"]
    assert itself["adjusted_rand_index"] == pytest.approx(1)
    assert np.all([found["difference"] == 0 for found in itself["differences"]["next_item"].values()])


def test_runs_that_cannot_be_compared(runs, untrained_run, tmp_path):
    other = finished(tmp_path / "other", write_sequences(tmp_path / "own.txt", seed=1), *SMALL, "model.name=sasrec")
    outcome = call("evaluate", "--run", runs["first"], "--against", other.run.path)
    assert_fails(outcome, 2, "other: was trained on other data .*compare runs on the same data")
    by_time = create(tmp_path / "by_time", "simulated", *SMALL, "split.protocol=global_time").run.path
    left_out = create(tmp_path / "left_out", "simulated", *SMALL).run.path
    outcome = call("evaluate", "--run", left_out, "--against", by_time)
    assert_fails(outcome, 2, "by_time: its split.protocol is global_time, and that of .*left_out is leave_one_out")
    outcome = call("evaluate", "--run", runs["first"], "--against", untrained_run.path)
    assert_fails(outcome, 1, "holds a run of another kind: ranker, not next_item")
    outcome = call("evaluate", "--run", runs["first"], "--against", tmp_path / "nowhere")
    assert_fails(outcome, 1, "nowhere: no such run folder")


def test_calls_that_can_never_work(runs, untrained_run):
    outcome = call("evaluate", "--run", runs["first"], "--split", "train")
    assert_fails(outcome, 2, "--split train: a next-item run is measured on items that it was not fitted to; use")
    outcome = call("evaluate", "--run", untrained_run.path, "--keep-seen")
    assert_fails(outcome, 2, "--keep-seen is for a next-item run, by --run")
    outcome = call("evaluate", "--run", untrained_run.path, "--against", runs["first"])
    assert_fails(outcome, 1, "holds a run of another kind: next_item, not ranker")
    exported = ("--model", runs["first"], "--data", runs["first"])
    outcome = call("evaluate", *exported, "--against", runs["first"])
    assert_fails(outcome, 2, "--against is for a run, by --run")
    assert_fails(call("evaluate", *exported, "--keep-seen"), 2, "--keep-seen is for a next-item run, by --run")


def test_a_run_that_cannot_be_used(runs, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(runs["bare"], run)
    source = runs["bare"].parent / "own.txt"
    shutil.copy(source, tmp_path / "moved.txt")
    assert evaluate(run, "--data", tmp_path / "moved.txt") == evaluate(run)
    other = write_sequences(tmp_path / "other.txt", seed=1)
    outcome = call("evaluate", "--run", run, "--data", other)
    # Other data is measured by the run's catalog, and said.
    assert outcome.code == 0 and f"{other}: other data than the run was trained on; 0 of " in outcome.err
    (run / "config.yaml").write_text("model: {}\n")
    assert_fails(call("evaluate", "--run", run), 1, "config.yaml: damaged, or changed since the run was started")
    shutil.copy(runs["bare"] / "config.yaml", run)
    (run / "checkpoints" / "best.npz").unlink()
    assert_fails(call("evaluate", "--run", run, "--json"), 1, "best.npz: no such checkpoint")
