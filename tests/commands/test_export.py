"""`tfelc export` as users call it: both kinds of runs."""

import pytest

from tests.support.command import call
from tests.support.untrained_recommender import write_untrained_recommender
from tfelc.lifecycle.export import publish


@pytest.fixture(autouse=True)
def without_verification(monkeypatch):
    monkeypatch.setattr(publish, "verify", lambda version, requests: {"recommend": {"scores": 1e-6}})


def test_a_next_item_run(recommender_run, tmp_path):
    done = call("export", "--run", recommender_run.path, "--to", tmp_path / "base", "--index", "streaming")
    assert done.code == 0, done.err
    assert "50 histories of the test split" in done.out and f"version 1: {tmp_path / 'base' / '1'}" in done.out
    assert "--name recommender" in done.out
    assert done.out.splitlines()[-1].startswith('curl -d \'{"inputs": {"history": [[')


def test_an_index_for_a_ranker_is_refused(untrained_run, tmp_path):
    refused = call("export", "--run", untrained_run.path, "--to", tmp_path / "base", "--index", "streaming")
    assert refused.code == 2 and "--index is for next-item runs" in refused.err
    assert not (tmp_path / "base").exists()


def test_what_is_no_run_and_a_run_without_weights(tmp_path):
    refused = call("export", "--run", tmp_path, "--to", tmp_path / "base")
    assert refused.code == 1 and "not a run folder of tfelc" in refused.err
    run = write_untrained_recommender(tmp_path)
    run.best.unlink()
    refused = call("export", "--run", run.path, "--to", tmp_path / "base")
    assert refused.code == 1 and "best.npz" in refused.err
    assert not (tmp_path / "base").exists()
