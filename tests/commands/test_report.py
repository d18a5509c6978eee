import json
import re
import shutil

from tests.support.command import call
from tests.support.every_kind import every_kind_schema, write_every_kind_dataset, write_untrained_run
from tests.support.reading import Reading


def assert_fails(outcome, code, message, out=None):
    assert outcome.code == code, outcome.err
    assert re.fullmatch(f"error: .*{message}.*\n", outcome.err), outcome.err
    assert outcome.out == "" and (out is None or not out.exists())


def paragraphs(run, out, *more):
    outcome = call("report", "--run", run, "--out", out, *more)
    assert (outcome.code, outcome.out) == (0, f"written to {out}\n"), outcome.err
    return Reading(out.read_text(encoding="utf-8")).text("p")


def test_a_run_that_cannot_be_used_is_one_line(trained_run, sequence_run, tmp_path):
    out = tmp_path / "report.html"
    assert_fails(call("report", "--run", tmp_path / "nowhere", "--out", out), 1, "nowhere: no such run folder", out)
    assert_fails(call("report", "--run", tmp_path, "--out", out), 1, "not a run folder of tfelc", out)
    for first, second, message in (
        (trained_run.path, tmp_path / "nowhere", "nowhere: no such run folder"),
        (trained_run.path, sequence_run, "holds a run of another kind: next_item, not ranker"),
        (sequence_run, trained_run.path, "holds a run of another kind: ranker, not next_item"),
    ):
        assert_fails(call("report", "--run", first, "--against", second, "--out", out), 1, message, out)


def test_a_place_that_cannot_be_written_is_told_at_once(trained_run, tmp_path):
    for out in (tmp_path, tmp_path / "nowhere" / "report.html"):
        assert_fails(call("report", "--run", trained_run.path, "--out", out), 2, "name a file in a folder that exists")


def test_runs_on_other_data_or_tasks_are_not_compared(trained_run, plain_run, tmp_path):
    for fact, value, message in (
        ("data_hash", "0" * 64, "other: was trained on other data .*compare runs on the same data"),
        ("tasks", ["order"], "other: predicts none of click, buy, the tasks of"),
    ):
        shutil.copytree(plain_run, tmp_path / "other", dirs_exist_ok=True)
        metadata = json.loads((plain_run / "run.json").read_text())
        (tmp_path / "other" / "run.json").write_text(json.dumps({**metadata, fact: value}))
        outcome = call("report", "--run", trained_run.path, "--against", tmp_path / "other", "--out", tmp_path / "out")
        assert_fails(outcome, 2, message, tmp_path / "out")


def test_what_a_plain_run_lacks_is_said_in_a_line_each(plain_run, tmp_path):
    told = paragraphs(plain_run, tmp_path / "report.html")
    assert "The ranker has no clusters (model.clusters.num_clusters is 0)." in told
    assert "The ranker has no clusters, and so no embeddings of activities." in told
    assert "No lift: no run was named to compare with." in told
    assert "No training curves: the run has not finished an epoch (no history.json)." in told


def test_a_schema_without_users_or_groups(tmp_path):
    columns = {name: column for name, column in every_kind_schema().columns.items() if name != "newcomer"}
    schema = every_kind_schema().model_copy(update={"columns": columns, "user_key": None})
    dataset = write_every_kind_dataset(tmp_path / "data", schema)
    runs = [write_untrained_run(tmp_path / name / "run", dataset).path for name in ("one", "other")]
    told = paragraphs(runs[0], tmp_path / "report.html", "--against", runs[1])
    assert "The schema has no groups of users (kind: group) to set beside the clusters." in told
    # Rows are compared one by one, and the summary says who is better.
    assert any("The rows are compared one by one, since the schema names no user_key." in line for line in told)
    said = Reading((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert any(line.startswith("click, beside ") and "top half" not in line for line in said.text("li"))


def test_a_next_item_run_without_clusters(sequence_run, tmp_path):
    assert "The model has no clusters." in paragraphs(sequence_run.parent / "sasrec", tmp_path / "report.html")


def test_damaged_files_are_one_line(sequence_run, tmp_path):
    shutil.copytree(sequence_run, tmp_path / "run")
    (tmp_path / "run" / "history.json").write_text("{")
    out = tmp_path / "report.html"
    assert_fails(call("report", "--run", tmp_path / "run", "--out", out), 1, "history.json: damaged", out)
    (tmp_path / "run" / "history.json").unlink()
    (tmp_path / "run" / "checkpoints" / "best.npz").unlink()
    assert_fails(call("report", "--run", tmp_path / "run", "--out", out), 1, "best.npz: no such checkpoint", out)


def test_a_damaged_history_is_told_at_once_with_the_way_around_it(trained_run, tmp_path):
    shutil.copytree(trained_run.path, tmp_path / "run")
    (tmp_path / "run" / "history.json").write_text("{")
    (tmp_path / "run" / "checkpoints" / "best.npz").unlink()  # Not read before.
    outcome = call("report", "--run", tmp_path / "run", "--out", tmp_path / "out")
    assert_fails(outcome, 1, "history.json: damaged; remove it, and all but the training curves is there")
