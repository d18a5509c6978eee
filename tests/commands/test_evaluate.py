import json
import re
import shutil
import sys

import pyarrow.compute as pc
import pytest

from tests.support import warm_process
from tests.support.command import call
from tests.support.every_kind import (
    every_kind_rows,
    every_kind_schema,
    write_every_kind_dataset,
    write_untrained_run,
)
from tfelc.data.dataset_writer import DatasetWriter
from tfelc.data.splits import SPLITS


@pytest.fixture(scope="module")
def answer(trained_run):
    """What `tfelc evaluate --json` says of the test split, in a process of its own."""
    command = [sys.executable, "-m", "tfelc.commands", "evaluate", "--run", trained_run.path, "--json"]
    return warm_process.run(command)


def no_constant(name):
    raise AssertionError(f"{name} is no JSON")


def test_json_is_one_object_and_nothing_else(answer):
    assert (answer.returncode, answer.stderr) == (0, "")
    result = json.loads(answer.stdout, parse_constant=no_constant)
    assert list(result) == [
        "split",
        "unit",
        "count",
        "metrics",
        "groups",
        "gates",
        "clusters",
        "yardsticks",
        "steps",
        "held",
    ]
    assert (result["split"], result["unit"], result["count"]) == ("test", "rows", 100)
    assert list(result["metrics"]) == ["click", "buy", "click_and_buy"]
    for values in (*result["metrics"].values(), *result["groups"]["N"].values()):
        assert list(values) == ["auc", "gauc", "gauc_coverage", "logloss", "ne", "calibration", "ece"]
    assert list(result["groups"]) == ["N"]
    assert list(result["gates"]) == ["click", "buy"]
    for use in result["gates"].values():
        assert list(use) == ["entropy", "mean", "groups", "distance"] and list(use["groups"]) == ["N"]
        assert sum(use["mean"]) == pytest.approx(1) and len(use["mean"]) == 2
    assert list(result["clusters"]) == ["num_clusters", "in_use", "largest_share", "silhouette", "groups"]
    assert result["clusters"]["num_clusters"] == 3
    assert 1 <= result["clusters"]["in_use"] <= 3 and 1 / 3 <= result["clusters"]["largest_share"] <= 1


def test_it_is_what_training_measured(answer, trained_run):
    measured = json.loads((trained_run.path / "metrics.json").read_text())
    del measured["best_epoch"]
    evaluated = json.loads(answer.stdout)
    # Random rows: nothing of a user stands still.
    assert evaluated.pop("held")["features"] == ["city", "history", "visits", "days_away", "level"]
    assert evaluated == measured


def test_what_is_not_defined_is_null(trained_run, tmp_path):
    rows = every_kind_rows(200, seed=9)
    unclicked = rows.filter(pc.equal(rows["clicked"], 0))
    with DatasetWriter(tmp_path / "data", every_kind_schema(), source="unclicked", seed=0) as writer:
        for split in SPLITS:
            writer.write(split, unclicked)
    arguments = ("--run", trained_run.path, "--data", tmp_path / "data", "--split", "validation")
    outcome = call("evaluate", *arguments, "--json")
    assert outcome.code == 0, outcome.err
    result = json.loads(outcome.out, parse_constant=no_constant)
    assert (result["split"], result["count"]) == ("validation", len(unclicked))
    click = result["metrics"]["click"]
    assert [name for name, value in click.items() if value is None] == ["auc", "gauc", "ne", "calibration"]
    assert set(result["metrics"]["buy"].values()) == {None}  # Judged on clicks, and there are none.
    shown = call("evaluate", *arguments)
    # What is defined for no output has no column.
    assert re.search(r"output\s+log loss\s+ECE", shown.out), shown.out
    assert re.search(r"\n\s+click\s+0\.\d+\s+0\.\d+\s+\n\s+buy\s+-\s+-\s", shown.out), shown.out


def test_tables_show_the_same_figures(answer, trained_run):
    outcome = call("evaluate", "--run", trained_run.path)
    assert (outcome.code, outcome.err) == (0, "")
    result = json.loads(answer.stdout)
    assert "test, 100 rows" in outcome.out
    for output, values in result["metrics"].items():
        row = next(line for line in outcome.out.splitlines() if re.match(rf"\s+{output}\s+0\.", line))
        figures = [values[name] for name in ("auc", "gauc", "logloss", "ne", "calibration", "ece")]
        figures.insert(2, result["held"]["gauc"][output])
        assert row.split() == [output, *(f"{figure:.4f}" for figure in figures)]
        assert f"{output} {values['gauc_coverage']:.0%}" in " ".join(outcome.out.split())
    assert f"{result['clusters']['in_use']:.1f} clusters in use" in " ".join(outcome.out.split())


def against(run, other, *arguments):
    """The comparison of two runs as JSON, beside the result that it stands in."""
    outcome = call("evaluate", "--run", run, "--against", other, "--json", *arguments)
    assert (outcome.code, outcome.err) == (0, "")
    result = json.loads(outcome.out, parse_constant=no_constant)
    return result.pop("against"), result


def test_against_another_run(answer, trained_run, plain_run):
    comparison, result = against(trained_run.path, plain_run)
    assert result == json.loads(answer.stdout)
    other = json.loads(call("evaluate", "--run", plain_run, "--json").out)
    assert (comparison["unit"], comparison["metrics"]) == ("users", other["metrics"])
    assert list(comparison["differences"]) == ["click", "buy", "click_and_buy"]
    for output, differences in comparison["differences"].items():
        assert list(differences) == ["auc", "gauc", "logloss", "ne", "calibration"]
        for metric, found in differences.items():
            wanted = result["metrics"][output][metric] - other["metrics"][output][metric]
            assert found["difference"] == pytest.approx(wanted)
            assert found["low"] <= found["difference"] <= found["high"] and 0 < found["p_value"] <= 1
    assert comparison["adjusted_rand_index"] is None  # The other run has no clusters.
    shown = " ".join(call("evaluate", "--run", trained_run.path, "--against", plain_run).out.split())
    assert "difference from" in shown and "paired bootstrap over users" in shown
    assert f"click AUC {comparison['differences']['click']['auc']['difference']:+.4f}" in shown
    assert f"click top half {comparison['click_lifts']['click']['difference']:+.2%}" in shown


def test_against_itself_nothing_differs(trained_run):
    comparison, _ = against(trained_run.path, trained_run.path, "--split", "validation")
    assert comparison["adjusted_rand_index"] == pytest.approx(1)
    found = [one for differences in comparison["differences"].values() for one in differences.values()]
    assert {(one["difference"], one["low"], one["high"], one["p_value"]) for one in found} == {(0, 0, 0, 1)}


def test_without_users_it_is_rows_that_are_drawn_and_it_is_said(tmp_path):
    dataset = write_every_kind_dataset(tmp_path / "data", every_kind_schema().model_copy(update={"user_key": None}))
    one, other = (
        write_untrained_run(tmp_path / name, dataset, ("click",), f"model.clusters.num_clusters={count}").path
        for name, count in (("one", 3), ("other", 5))
    )
    comparison, _ = against(one, other)
    assert comparison["unit"] == "rows" and list(comparison["differences"]) == ["click"]
    assert list(comparison["differences"]["click"]) == ["auc", "logloss", "ne", "calibration"]
    assert comparison["click_lifts"] == {}
    shown = " ".join(call("evaluate", "--run", one, "--against", other).out.split())
    assert "paired bootstrap over rows, since their users are not known" in shown


def test_runs_that_cannot_be_compared(trained_run, plain_run, sequence_run, tmp_path):
    for fact, value, message in (
        ("data_hash", "0" * 64, "other: was trained on other data .*compare runs on the same data"),
        ("tasks", ["order"], "other: predicts none of click, buy, the tasks of .*compare runs that share a task"),
    ):
        shutil.copytree(plain_run, tmp_path / "other", dirs_exist_ok=True)
        metadata = json.loads((plain_run / "run.json").read_text())
        (tmp_path / "other" / "run.json").write_text(json.dumps({**metadata, fact: value}))
        assert_fails(call("evaluate", "--run", trained_run.path, "--against", tmp_path / "other"), 2, message)
    outcome = call("evaluate", "--run", trained_run.path, "--against", sequence_run)
    assert_fails(outcome, 1, "holds a run of another kind: next_item, not ranker")
    outcome = call("evaluate", "--run", trained_run.path, "--against", tmp_path / "nowhere")
    assert_fails(outcome, 1, "nowhere: no such run folder")


def assert_fails(outcome, code, message):
    assert outcome.code == code, outcome.err
    assert re.fullmatch(f"error: .*{message}.*\n", outcome.err), outcome.err
    assert outcome.out == ""


def test_an_unknown_split_or_a_missing_option_ends_with_2(trained_run):
    for arguments in (["--run", trained_run.path, "--split", "dev"], ["--json"]):
        outcome = call("evaluate", *arguments)
        assert outcome.code == 2 and "Traceback" not in outcome.err


def test_a_run_or_a_dataset_that_cannot_be_used_is_one_line(trained_run, untrained_run, tmp_path):
    assert_fails(call("evaluate", "--run", tmp_path / "nowhere"), 1, "nowhere: no such run folder")
    assert_fails(call("evaluate", "--run", tmp_path, "--json"), 1, "not a run folder of tfelc")
    shutil.copytree(trained_run.path, tmp_path / "run")
    (tmp_path / "run" / "checkpoints" / "best.npz").unlink()
    assert_fails(call("evaluate", "--run", tmp_path / "run"), 1, "best.npz: no such checkpoint")
    shutil.copy(untrained_run.path / "checkpoints" / "best.npz", tmp_path / "run" / "checkpoints")
    assert_fails(call("evaluate", "--run", tmp_path / "run"), 1, "best.npz: not a checkpoint of this model")


def test_data_that_does_not_fit_the_run_is_one_line(trained_run, tmp_path):
    columns = {name: column for name, column in every_kind_schema().columns.items() if name != "hour"}
    fewer = write_every_kind_dataset(tmp_path / "fewer", every_kind_schema().model_copy(update={"columns": columns}))
    outcome = call("evaluate", "--run", trained_run.path, "--data", fewer.path)
    assert_fails(outcome, 1, "fewer/.*part-00000.parquet: column `hour` of the run's schema is missing")
    part = fewer.files("test")[0]
    part.write_bytes(part.read_bytes()[:-1])
    assert_fails(call("evaluate", "--run", trained_run.path, "--data", fewer.path), 1, f"{part}: the part is corrupt")
    outcome = call("evaluate", "--run", trained_run.path, "--data", tmp_path / "nowhere")
    assert_fails(outcome, 1, "nowhere: no such folder; write it with prepare.py")
