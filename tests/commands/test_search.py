import importlib.util
import json
import signal

import numpy as np
import pytest

from tests.support.command import call
from tests.support.sequence_training import SMALL, write_sequences
from tests.support.training import SETTINGS
from tests.support.warm_process import WarmProcess

RATE = "optimizer.learning_rate"
SETS = ("--set", "training.epochs=2", "--set", "training.balance.name=fixed")


def words(folder, data, *more, runs="runs"):
    return [
        "--space", folder / "space.yaml", "--runs", folder / runs, "--out", folder / f"{runs}.yaml",
        "--task", "click,buy", "--data", data, "--config", SETTINGS, *SETS, *more,
    ]  # fmt: skip


def write_space(folder, text=f"settings: {{{RATE}: {{low: 0.001, high: 0.1, log: true}}}}"):
    (folder / "space.yaml").write_text(text)


@pytest.fixture(scope="module")
def searched(tmp_path_factory, every_kind_dataset):
    """A search of two trials that nothing stopped."""
    folder = tmp_path_factory.mktemp("searched")
    write_space(folder)
    outcome = call("search", *words(folder, every_kind_dataset.path, "--trials", 2))
    assert outcome.code == 0, outcome.err
    return folder, outcome.out


def arrays(path):
    with np.load(path, allow_pickle=False) as file:
        return {key: file[key].tobytes() for key in file.files if key != "state"}


@pytest.mark.slow
def test_a_ranker_is_searched_and_trained_with_what_was_found(searched, every_kind_dataset, tmp_path):
    from tfelc.ranker.settings import RankerSettings

    folder, out = searched
    found = json.loads((folder / "runs" / "result.json").read_text())
    assert found["metric"] == "mean.auc" and len(found["trials"]) == 2
    for trial in found["trials"]:
        run = folder / "runs" / f"trial-{trial['number']:04d}" / "seed-0"
        history = json.loads((run / "history.json").read_text())
        assert trial["value"] == history["best"] and trial["epochs"] == [history["best_epoch"]]
        # The test split is left alone.
        assert not (run / "metrics.json").exists()
        assert f"trial {trial['number']}/2  mean.auc {trial['value']:.4f}" in out
    best = max(found["trials"], key=lambda trial: trial["value"])
    settings = RankerSettings.load(folder / "runs.yaml")
    assert settings.optimizer.learning_rate == best["settings"][RATE] and settings.training.epochs == 2
    outcome = call(
        "train", "--task", "click,buy", "--data", every_kind_dataset.path, "--config", folder / "runs.yaml",
        "--run", tmp_path / "run",
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    trained = tmp_path / "run" / "checkpoints" / "best.npz"
    assert arrays(trained) == arrays(folder / "runs" / f"trial-{best['number']:04d}" / "seed-0/checkpoints/best.npz")


@pytest.mark.slow
def test_a_search_that_was_killed_goes_on_to_the_same_end(searched, every_kind_dataset):
    folder, _ = searched
    asked = words(folder, every_kind_dataset.path, "--trials", 2, runs="killed")
    # Before the second epoch of the second trial is judged.
    killed = WarmProcess("tests.support.killed_training", ["judge", 4, "search", *asked])
    _, err = killed.communicate(timeout=900)
    assert killed.returncode == -signal.SIGKILL, err
    assert not (folder / "killed.yaml").exists()
    outcome = call("search", *asked)
    assert outcome.code == 0, outcome.err
    assert "trial 2/2  was left by a stopped process and is taken up" in outcome.out
    assert "trial 1/2" not in outcome.out
    for number in (1, 2):
        for file in ("last.npz", "best.npz"):
            left, right = (
                arrays(folder / runs / f"trial-{number:04d}" / "seed-0" / "checkpoints" / file)
                for runs in ("runs", "killed")
            )
            assert left == right
    assert (folder / "killed.yaml").read_text() == (folder / "runs.yaml").read_text()


@pytest.mark.parametrize(
    ("space", "more", "message"),
    [
        ("settings: {optimizer.rate: {values: [1]}}", (), "space.yaml: `optimizer.rate`: no such setting"),
        (f"settings: {{{RATE}: {{low: -1, high: 1}}}}", (), f"space.yaml: `{RATE}`: must be above 0. Received: -1"),
        (f"settings: {{{RATE}: {{low: 1, high: 1}}}}", (), "`low` must be below `high`"),
        (f"settings: {{{RATE}: {{values: [1]}}}}\nmetric: mean.acu", (), "`mean.acu` is not measured"),
        (None, ("--task", "like"), "like"),
        (None, ("--set", "training.epochs=0"), "--set: `training.epochs`: must be at least 1"),
        (None, ("--dataset", "beauty"), "--dataset is for --task next_item"),
        (None, ("--csv-delimiter", ";"), "--csv-delimiter is for --task next_item"),
        (None, ("--task", "next_item"), "--data is a ranker's"),
        (None, ("--trials", "0"), "--trials"),
    ],
)
def test_what_can_never_be_searched_is_told_before_anything_is_trained(
    tmp_path, every_kind_dataset, space, more, message
):
    write_space(tmp_path, *filter(None, [space]))
    outcome = call("search", *words(tmp_path, every_kind_dataset.path, *more))
    assert outcome.code == 2 and message in outcome.err, outcome.err
    assert not (tmp_path / "runs").exists()


def test_an_out_that_cannot_be_written_is_told_first(tmp_path, every_kind_dataset):
    write_space(tmp_path)
    outcome = call("search", *words(tmp_path, every_kind_dataset.path, "--out", tmp_path / "nowhere" / "best.yaml"))
    assert outcome.code == 2 and "name a file in a folder that exists" in outcome.err


def test_without_optuna_the_extra_is_named(tmp_path, every_kind_dataset, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    outcome = call("search", *words(tmp_path, every_kind_dataset.path))
    assert (outcome.code, outcome.err) == (
        2,
        "error: tfelc search needs optuna; pip install '.[search]' in a checkout of tfelc brings it\n",
    )


def test_another_search_in_the_folder_is_refused(searched, every_kind_dataset):
    folder, _ = searched
    outcome = call("search", *words(folder, every_kind_dataset.path, "--set", "training.batch_size=50"))
    assert outcome.code == 1
    assert "holds a search that differs in its settings; name another folder by --runs" in outcome.err


@pytest.mark.slow
def test_a_next_item_model_is_searched(tmp_path):
    from tfelc.next_item.settings import NextItemSettings

    source = write_sequences(tmp_path / "sequences.txt")
    write_space(
        tmp_path, "settings: {model: {values: [sasrec]}, model.encoder.num_layers: {low: 1, high: 2}}\nseeds: 2"
    )
    sets = [word for setting in (*SMALL, "model.loss=bce") for word in ("--set", setting)]
    outcome = call(
        "search", "--space", tmp_path / "space.yaml", "--runs", tmp_path / "runs", "--out", tmp_path / "best.yaml",
        "--task", "next_item", "--dataset", source, "--trials", 1, *sets,
    )  # fmt: skip
    assert outcome.code == 0, outcome.err
    found = json.loads((tmp_path / "runs" / "result.json").read_text())
    (trial,) = found["trials"]
    histories = [
        json.loads((tmp_path / "runs" / "trial-0001" / f"seed-{seed}" / "history.json").read_text()) for seed in (0, 1)
    ]
    assert trial["value"] == pytest.approx(sum(history["best"] for history in histories) / 2)
    settings = NextItemSettings.load(tmp_path / "best.yaml")
    assert settings.model.name == "sasrec" and settings.training.seed == found["seeds"][0]


@pytest.mark.parametrize("name", ["search_ranker", "search_next_item"])
def test_the_spaces_that_are_shipped_fit_their_settings(name):
    from pathlib import Path

    from tests.support.toy_search import ToySearched
    from tfelc.experiments.search.space import SearchSpace
    from tfelc.experiments.search.tried_settings import TriedSettings
    from tfelc.next_item.default_settings import default_settings
    from tfelc.ranker.settings import RankerSettings

    class Shipped(ToySearched):
        def settings(self, values):
            return RankerSettings.load(None, values) if name == "search_ranker" else default_settings("beauty", values)

    path = Path(__file__).parents[2] / "pipelines" / "configs" / f"{name}.yaml"
    assert TriedSettings(SearchSpace.load(path), path, Shipped()).shared
