"""What a ranking term does to a ranker of a simulated log: the order within users, and the sums."""

import json

import pytest

from tests.support.training import create
from tfelc.data.dataset import Dataset
from tfelc.ranker.data.simulated_log import prepare

SETTINGS = (
    "training.epochs=4",
    "training.batch_size=200",
    "training.balance.name=fixed",
    "training.checkpoint_seconds=60",
    "training.early_stopping.patience=6",
    "model.linear=true",
    "model.clusters.num_clusters=0",
    "optimizer.average=0",
)
TERM = "training.ranking={name: listwise, weight: 0.5}"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    path = tmp_path_factory.mktemp("simulated") / "data"
    prepare(6_000, 3, path, users=150)
    return Dataset(path)


@pytest.fixture(scope="module")
def runs(dataset, tmp_path_factory):
    """The folder and the metrics of the test split, without the term and with it."""
    found = {}
    for name, settings in {"plain": (), "ranked": (TERM,)}.items():
        path = tmp_path_factory.mktemp(name) / "run"
        training = create(dataset, path, *SETTINGS, *settings, tasks=["ctr"])
        training.train()
        found[name] = path, training.test().metrics["ctr"]
    return found


def test_the_order_within_users_is_no_worse_and_the_sums_hold(runs):
    plain, ranked = (metrics for _, metrics in runs.values())
    assert ranked["gauc"] > plain["gauc"] - 0.01
    assert ranked["calibration"] == pytest.approx(plain["calibration"], rel=0.05)


def test_its_terms_are_in_the_history(runs):
    history = json.loads((runs["ranked"][0] / "history.json").read_text())["history"]
    terms = [epoch["losses"]["ctr_ranking_loss"] for epoch in history]
    assert terms[-1] < terms[0]
    assert history[0]["losses"]["ctr_ranking_weighted"] == pytest.approx(0.5 * terms[0], rel=1e-4)
    plain = json.loads((runs["plain"][0] / "history.json").read_text())["history"]
    assert not any("ranking" in term for term in plain[0]["losses"])
