import json
import os
import shutil
from unittest.mock import patch

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tests.support.command import call
from tests.support.training import SETTINGS

QUICK = ("training.epochs=1", "training.deterministic=false")


def _benchmark(folder, data, *options, settings=QUICK, configs=("nearest", "soft")):
    words = [word for setting in settings for word in ("--set", setting)]
    words += [word for name in configs for word in ("--config", folder / f"{name}.yaml")]
    with patch.dict(os.environ, COLUMNS="200"):  # So wide that no cell of a table is broken.
        return call(
            "benchmark", "ranker", "--data", data, "--task", "click,buy", "--seeds", 1,
            "--runs", folder / "runs", "--out", folder / "found.json", *words, *options,
        )  # fmt: skip


def _write(folder, name, clusters="", other=""):
    text = SETTINGS.read_text().replace("start: kmeans", f"start: random{clusters}") + other
    (folder / f"{name}.yaml").write_text(text)


@pytest.fixture(scope="module")
def data(every_kind_dataset):
    return every_kind_dataset.path


@pytest.fixture(scope="module")
def done(tmp_path_factory, data):
    """A finished benchmark: its folder, and what it printed."""
    folder = tmp_path_factory.mktemp("benchmark")
    for name in ("nearest", "soft"):
        _write(folder, name, f", objective: {name}")
    outcome = _benchmark(folder, data)
    assert outcome.code == 0, outcome.err
    return folder, outcome.out


def _result(folder):
    return json.loads((folder / "found.json").read_text())


def _predictions(folder, name, dataset):
    from tfelc.evaluation.predictions import Predictor
    from tfelc.training.ranker_run import RankerRun

    return Predictor(RankerRun(folder / "runs" / f"{name}-0").model(), dataset).predict("test")


def _shown(labels, scores, users):
    """Positives in the better half of each user's impressions; no two scores of a user are equal."""
    won = 0
    for user in set(users):
        rows = [row for row in range(len(users)) if users[row] == user]
        rows.sort(key=lambda row: -scores[row])
        won += sum(labels[row] for row in rows[: len(rows) // 2])
    return won


def test_every_variant_is_set_against_the_one_b(done, every_kind_dataset):
    folder, out = done
    found = _result(folder)
    assert list(found["models"]) == ["B", "nearest", "soft", "boosted trees"]
    assert found["configs"]["B"]["model"]["clusters"]["count"] == 0
    before = _predictions(folder, "B", every_kind_dataset).outcomes["click"]
    predictions = _predictions(folder, "soft", every_kind_dataset)
    after = predictions.outcomes["click"]
    areas = [roc_auc_score(one.labels, one.probabilities) for one in (before, after)]
    means = [found["models"][name]["tasks"]["click"]["auc"]["mean"] for name in ("B", "soft")]
    assert means == pytest.approx(areas, abs=1e-6)

    known = np.array([user is not None for user in predictions.users])
    newcomers = known & (predictions.groups["newcomer"] == "N")
    assert list(found["differences"]) == ["nearest", "soft"]
    for group, rows in (("all", known), ("N", newcomers)):
        lift = found["differences"]["soft"][group]["click"]
        labels, users = after.labels[rows], predictions.users[rows]
        scores = [one.probabilities[rows] for one in (before, after)]
        assert lift["rows"] == rows.sum()
        areas = [roc_auc_score(labels, one) for one in scores]
        assert [lift["before"], lift["after"]] == pytest.approx(areas, abs=1e-6)
        assert lift["auc"]["difference"] == pytest.approx(areas[1] - areas[0], abs=1e-6)
        assert lift["auc"]["low"] <= lift["auc"]["difference"] <= lift["auc"]["high"]
        shown = [_shown(labels, one, users) for one in scores]
        assert lift["clicks"]["difference"] == pytest.approx(shown[1] / shown[0] - 1)
        assert f"{lift['clicks']['difference']:+.2%} ({lift['clicks']['low']:+.2%}" in out


def test_runs_that_are_kept_are_taken_up(done, data):
    folder, _ = done
    before = _result(folder)
    weights = [folder / "runs" / f"{name}-0" / "checkpoints" / "best.npz" for name in ("B", "nearest")]
    times = [path.stat().st_mtime_ns for path in weights]
    # One was stopped before its first checkpoint, another never begun.
    for file in (folder / "runs" / "nearest-0").glob("checkpoints/*"):
        file.unlink()
    (folder / "runs" / "nearest-0" / "benchmark.json").unlink()
    shutil.rmtree(folder / "runs" / "soft-0")
    outcome = _benchmark(folder, data, "--no-trees")
    assert outcome.code == 0, outcome.err
    assert weights[0].stat().st_mtime_ns == times[0] and weights[1].stat().st_mtime_ns > times[1]
    after = _result(folder)
    assert after["training_seconds"]["B"] == before["training_seconds"]["B"]
    assert after["training_seconds"]["nearest"] == [None]
    assert after["models"]["B"] == before["models"]["B"]


@pytest.mark.parametrize("options", [("--set", "optimizer.dense_learning_rate=0.1"), ("--task", "click")])
def test_runs_of_other_settings_or_tasks_are_never_passed_off_as_those_asked_for(done, data, options):
    outcome = _benchmark(done[0], data, *options)
    assert outcome.code == 1
    assert "B-0: was made with other settings, tasks or data than are asked for; name another --runs" in outcome.err


def test_what_can_never_be_compared_is_refused_before_anything_is_trained(tmp_path, data):
    _write(tmp_path, "one")
    _write(tmp_path, "B")
    _write(tmp_path, "none", ", objective: nearest")
    (tmp_path / "none.yaml").write_text("model: {clusters: {count: 0}}")
    (tmp_path / "slow.yaml").write_text(
        (tmp_path / "one.yaml").read_text().replace("dense_learning_rate: 0.01", "dense_learning_rate: 0.001")
    )
    for configs, message in (
        (("one", "one"), "another --config is named `one` too"),
        (("B",), "the name `B` is taken"),
        (("none",), "has no clusters"),
        (("one", "slow"), "`slow` and `one` differ in optimizer.dense_learning_rate"),
    ):
        outcome = _benchmark(tmp_path, data, configs=configs)
        assert (outcome.code, message in outcome.err) == (2, True), outcome.err
    assert not (tmp_path / "runs").exists()
