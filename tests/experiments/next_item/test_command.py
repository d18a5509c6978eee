import json

import pandas as pd
import pytest

from tests.support.command import call
from tfelc.experiments.next_item.models import UNLEARNED, chosen_models
from tfelc.next_item.model_settings.sequence_model import SEQUENCE_MODELS

SMALL = ("training.epochs=1", "model.encoder.dim=8")


def _experiment(folder, *options, models="popularity,sasrec", settings=SMALL):
    words = [word for setting in settings for word in ("--set", setting)]
    return call(
        "experiment", "next-item", "--datasets", "simulated", "--models", models, "--seeds", 1,
        "--runs", folder / "runs", "--out", folder / "found.json", *words, *options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A finished experiment."""
    folder = tmp_path_factory.mktemp("experiment")
    done = _experiment(folder, models="popularity,ease,ease_refitted,sasrec")
    assert done.code == 0, done.err
    return folder


def test_the_result_is_that_of_the_runs(folder):
    found = json.loads((folder / "found.json").read_text())["datasets"]["simulated"]["models"]
    run = json.loads((folder / "runs" / "simulated-sasrec-0" / "metrics.json").read_text())
    assert {name: figure["mean"] for name, figure in found["sasrec"]["metrics"].items()} == run["metrics"]["next_item"]
    gain = found["popularity"]["ndcg@20 over SASRec"]
    difference = found["popularity"]["metrics"]["ndcg@20"]["mean"] - found["sasrec"]["metrics"]["ndcg@20"]["mean"]
    assert gain["difference"] == pytest.approx(difference)
    assert gain["low"] < gain["difference"] < gain["high"]
    assert {name: model["fitted_to"] for name, model in found.items()} == {
        "popularity": "train", "ease": "train", "ease_refitted": "train, validation", "sasrec": "train",
    }  # fmt: skip
    assert found["ease"]["metrics"] != found["ease_refitted"]["metrics"]
    assert "| sasrec | softmax |" in (folder / "found.md").read_text()


def test_finished_runs_are_read_and_not_run_again(folder):
    before = (folder / "runs" / "simulated-sasrec-0" / "checkpoints" / "best.npz").stat().st_mtime_ns
    assert _experiment(folder, models="popularity,ease,ease_refitted,sasrec").code == 0
    assert (folder / "runs" / "simulated-sasrec-0" / "checkpoints" / "best.npz").stat().st_mtime_ns == before


def test_runs_of_other_settings_are_never_passed_off_as_those_asked_for(folder):
    done = _experiment(folder, settings=(*SMALL, "optimizer.learning_rate=0.01"))
    assert done.code == 1
    assert (
        "simulated-sasrec-0: was made with other settings or data than are asked for; name another --runs" in done.err
    )


def test_figures_of_other_data_are_refused(folder):
    path = folder / "runs" / "simulated-popularity" / "metrics.json"
    content = path.read_text()
    path.write_text(json.dumps({**json.loads(content), "data_hash": "another"}))
    done = _experiment(folder, models="popularity")
    path.write_text(content)
    assert done.code == 1
    assert "simulated-popularity: was made with other settings or data" in done.err


def test_a_table_of_ones_own_is_split_by_time(tmp_path):
    users, clicks = 30, 8
    table = pd.DataFrame({"user": [user for user in range(users) for _ in range(clicks)]})
    table["item"] = [(user + click) % 10 for user in range(users) for click in range(clicks)]
    # The later a user, the later all that the user does: leave-one-out would test every user, this only the last ones.
    table["time"] = range(len(table))
    table.to_parquet(tmp_path / "clicks.parquet")
    options = ("--datasets", tmp_path / "clicks.parquet")
    by_time = (*SMALL, "split.protocol=global_time")
    done = _experiment(tmp_path, *options, settings=by_time)
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["protocol"] == "global_time, seen items removed"
    assert set(found["datasets"]["clicks"]["models"]) == {"popularity", "sasrec"}
    users_of = [
        json.loads((tmp_path / "runs" / name / "metrics.json").read_text())["count"]
        for name in ("clicks-popularity", "clicks-sasrec-0")
    ]
    assert users_of == [3, 3]
    assert (tmp_path / "found.md").read_text().count("Split by time, whole catalog") == 1
    other = _experiment(tmp_path, *options, models="popularity")
    assert other.code == 1
    assert "clicks-popularity: was made with other settings or data" in other.err


def test_the_markdown_says_what_the_result_file_says(folder):
    found = json.loads((folder / "found.json").read_text())
    text = (folder / "found.md").read_text()
    models = found["datasets"]["simulated"]["models"]
    shown = list(models["popularity"]["metrics"])  # Of lists nothing is shown: models that do not learn have no such.
    figures = [f"{models['sasrec']['metrics'][name]['mean']:.4f}" for name in shown]
    assert f"| sasrec | {' | '.join(figures)} |  |" in text
    gain = models["popularity"]["ndcg@20 over SASRec"]
    assert f"| {gain['difference']:+.4f} ({gain['low']:+.4f}, {gain['high']:+.4f}) |" in text
    assert f"| sasrec | softmax | {models['sasrec']['best_epoch'][0]} |" in text
    for line in (
        f"- command: {found['command']}",
        f"- data hash: simulated {found['data_hash']['simulated']}",
        "- protocol: leave_one_out, seen items removed",
        f"- settings: default.yaml, {', '.join(SMALL)}",
        "- seeds: 0",
    ):
        assert line in text
    (folder / "found.md").unlink()
    assert call("experiment", "tables", folder / "found.json").code == 0
    assert (folder / "found.md").read_text() == text


def test_the_word_of_a_task_is_accepted_too():
    wanted, found = (call("experiment", word, "--help") for word in ("next-item", "next_item"))
    assert found.code == 0 and found.out == wanted.out.replace("next-item", "next_item")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--models", "sasrec,gru"), "--models: no `gru`; use all, paper_all, popularity, item_knn, ease"),
        (("--datasets", "a/own.txt,b/own.csv"), "--datasets: two of one name in a/own.txt,b/own.csv"),
        (("--datasets", "own.csv", "--models", "paper_sasrec"), "the paper has no settings for `own.csv`"),
        (("--datasets", "simulated,amazon"), "no data set `amazon`; use beauty, sports"),
    ],
)
def test_an_unknown_name_is_told(tmp_path, options, message):
    done = call("experiment", "next-item", "--runs", tmp_path / "runs", "--out", tmp_path / "out.json", *options)
    assert done.code == 2
    assert message in done.err
    assert not any(tmp_path.iterdir())


def test_all_stands_for_the_models_of_the_registry():
    names = chosen_models("all")
    assert names == [*UNLEARNED, *SEQUENCE_MODELS.names()] and len(set(names)) == len(names)
    assert chosen_models("sasrec,paper_all")[1:] == [f"paper_{name}" for name in SEQUENCE_MODELS.names()]
    assert chosen_models("sasrec,all,elcm")[-1] == "elcm" and chosen_models("sasrec,all").count("sasrec") == 1
