import json
import os
from unittest.mock import patch

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from tests.support.command import call
from tests.support.training import SETTINGS
from tfelc.metrics.gauc import gauc

QUICK = ("training.epochs=1", "training.balance.name=fixed", "training.steps_per_execution=1")


def _experiment(folder, data, *options, settings=QUICK, configs=("nearest", "soft")):
    words = [word for setting in settings for word in ("--set", setting)]
    words += [word for name in configs for word in ("--config", folder / f"{name}.yaml")]
    with patch.dict(os.environ, COLUMNS="120"):  # The wide intervals of so few users break in 80.
        return call(
            "experiment", "ranker", "--data", data, "--task", "click,buy", "--seeds", 1, "--no-trees",
            "--runs", folder / "runs", "--out", folder / "found.json", *words, *options,
        )  # fmt: skip


def _write(folder, name, clusters=""):
    text = SETTINGS.read_text().replace("initialization: kmeans", f"initialization: random{clusters}")
    (folder / f"{name}.yaml").write_text(text)


@pytest.fixture(scope="module")
def data(every_kind_dataset):
    return every_kind_dataset.path


@pytest.fixture(scope="module")
def first(tmp_path_factory, data):
    """A finished experiment of one variant: its folder, and its result."""
    folder = tmp_path_factory.mktemp("experiment")
    for name in ("nearest", "soft"):
        _write(folder, name, f", objective: {name}")
    outcome = _experiment(folder, data, configs=["nearest"])
    assert outcome.code == 0, outcome.err
    return folder, _result(folder)


@pytest.fixture(scope="module")
def both(first, data):
    """The same with a second variant and another architecture of B; a run of the first was stopped before its end."""
    folder, _ = first
    (folder / "runs" / "nearest-0" / "benchmark.json").unlink()
    weights = folder / "runs" / "B-0" / "checkpoints" / "best.npz"
    written = weights.stat().st_mtime_ns
    outcome = _experiment(folder, data, "--architecture", "aitm")
    assert outcome.code == 0, outcome.err
    assert weights.stat().st_mtime_ns == written
    return folder, _result(folder), outcome.out


def _result(folder):
    return json.loads((folder / "found.json").read_text())


def _clicks(folder, name, table):
    """The probabilities of a click by a kept run."""
    from tfelc.ranker.run import RankerRun

    model = RankerRun(folder / "runs" / f"{name}-0").model()
    return 1 / (1 + np.exp(-model.ranker(model.lookup.encode(table))["logits"]["click"].numpy()))


def _shown(labels, scores, users):
    """Positives in the better half of each user's impressions; no two scores of a user are equal."""
    won = 0
    for user in set(users):
        rows = [row for row in range(len(users)) if users[row] == user]
        rows.sort(key=lambda row: -scores[row])
        won += sum(labels[row] for row in rows[: len(rows) // 2])
    return won


def test_every_variant_is_set_against_the_one_b(both, every_kind_dataset):
    folder, found, out = both
    assert list(found["models"]) == ["B", "B-aitm", "nearest", "soft"]
    aitm = found["configs"]["B-aitm"]["model"]
    assert aitm == {
        **found["configs"]["B"]["model"],
        "architecture": {"name": "aitm", "units": [16, 8], "dropout": 0.1},
    }
    assert found["configs"]["B"]["model"]["clusters"]["num_clusters"] == 0
    table = pq.read_table(every_kind_dataset.files("test")[0])
    clicked = table["clicked"].to_numpy()
    users, newcomer = (np.array(table[name].to_pylist(), dtype=object) for name in ("user_id", "newcomer"))
    scores = [_clicks(folder, name, table) for name in ("B", "soft")]
    means = [found["models"][name]["metrics"]["click"]["auc"]["mean"] for name in ("B", "soft")]
    assert means == pytest.approx([roc_auc_score(clicked, one) for one in scores], abs=1e-6)

    known = np.array([user is not None for user in users])
    assert list(found["differences"]) == ["B-aitm", "nearest", "soft"]
    for group, rows in (("all", known), ("N", known & (newcomer == "N"))):
        lift = found["differences"]["soft"][group]["click"]
        assert lift["rows"] == rows.sum()
        areas = [roc_auc_score(clicked[rows], one[rows]) for one in scores]
        assert [lift["before"], lift["after"]] == pytest.approx(areas, abs=1e-6)
        assert lift["auc"]["difference"] == pytest.approx(areas[1] - areas[0], abs=1e-6)
        assert lift["auc"]["low"] <= lift["auc"]["difference"] <= lift["auc"]["high"]
        within = [gauc(clicked[rows], one[rows], users[rows]).value for one in scores]
        assert lift["gauc"]["difference"] == pytest.approx(within[1] - within[0], abs=1e-6)
        shown = [_shown(clicked[rows], one[rows], users[rows]) for one in scores]
        assert lift["clicks"]["difference"] == pytest.approx(shown[1] / shown[0] - 1)
        assert f"({lift['clicks']['low']:+.2%}, {lift['clicks']['high']:+.2%})" in out


def test_the_markdown_says_what_the_result_file_says(both):
    folder, found, _ = both
    text = (folder / "found.md").read_text()
    auc = found["models"]["soft"]["metrics"]["click"]["auc"]["mean"]
    row = next(line for line in text.splitlines() if line.startswith("| click AUC |"))
    assert row.split(" | ")[4].startswith(f"{auc:.4f}")
    lift = found["differences"]["soft"]["N"]["click"]
    assert f"| click, N | {lift['rows']} | {lift['auc']['difference']:+.4f} (" in text
    for line in (
        f"- command: {found['command']}",
        f"- data hash: {found['data_hash']}",
        "- loss: cross-entropy, balanced by fixed",
        f"- settings: {folder}/nearest.yaml, {folder}/soft.yaml, {', '.join(QUICK)}",
        "- seeds: 0",
    ):
        assert line in text
    (folder / "found.md").unlink()
    outcome = call("experiment", "tables", folder / "found.json")
    assert outcome.out == f"written to {folder / 'found.md'}\n"
    assert (folder / "found.md").read_text() == text


def test_runs_that_are_kept_are_taken_up(first, both):
    before, after = first[1], both[1]
    for name in ("B", "nearest"):
        assert after["models"][name] == before["models"][name]
    assert after["differences"]["nearest"] == before["differences"]["nearest"]
    times = after["training_seconds"]
    assert times["B"] == before["training_seconds"]["B"]
    assert times["nearest"] == before["training_seconds"]["nearest"] and times["soft"][0] > 0


@pytest.mark.parametrize("options", [("--set", "optimizer.learning_rate=0.1"), ("--task", "click")])
def test_runs_of_other_settings_or_tasks_are_never_passed_off_as_those_asked_for(both, data, options):
    outcome = _experiment(both[0], data, *options)
    assert outcome.code == 1
    assert "B-0: was made with other settings, tasks or data than are asked for; name another --runs" in outcome.err


def test_what_can_never_be_compared_is_refused_before_anything_is_trained(tmp_path, data):
    _write(tmp_path, "one")
    _write(tmp_path, "B")
    (tmp_path / "none.yaml").write_text("model: {clusters: {num_clusters: 0}}")
    (tmp_path / "slow.yaml").write_text(
        (tmp_path / "one.yaml").read_text().replace("{learning_rate: 0.01", "{learning_rate: 0.001")
    )
    for configs, message in (
        (("one", "one"), "another --config is named `one` too"),
        (("B",), "the name `B` is taken"),
        (("none",), "has no clusters"),
        (("one", "slow"), "`slow` and `one` differ in optimizer.learning_rate"),
    ):
        outcome = _experiment(tmp_path, data, configs=configs)
        assert (outcome.code, message in outcome.err) == (2, True), outcome.err
    assert not (tmp_path / "runs").exists()
