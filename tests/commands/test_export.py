"""`tfelc export` as users call it: both kinds of runs."""

import re

import numpy as np
import pytest

import tfelc
from tests.support.command import call
from tests.support.every_kind import every_kind_rows
from tests.support.untrained_recommender import write_untrained_recommender
from tfelc.lifecycle.export import publish
from tfelc.ranker.export.sample_rows import plain
from tfelc.ranker.scoring.exported_ranker import ExportedRanker


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


def test_a_score_of_another_formula_than_the_schemas(untrained_run, recommender_run, tmp_path):
    base, formula = tmp_path / "base", "click * buy ** 0.5"
    done = call("export", "--run", untrained_run.path, "--to", base, "--score", formula)
    assert done.code == 0, done.err
    assert "rank_top" in done.out
    ranker = ExportedRanker(base / "1")
    assert ranker.schema.score == formula
    found = ranker.score(plain(every_kind_rows(20, 3), ranker.schema))
    np.testing.assert_allclose(found["score"], found["click"] * found["buy"] ** 0.5, rtol=1e-5)
    # The run is as it was.
    assert untrained_run.schema.score is None and "score" not in tfelc.load(untrained_run.path).predict(_frame())
    for run, asked, message in (
        (untrained_run, "click * order", "--score: .*no output `order`"),
        (untrained_run, "log(click - 2)", "--score: .*log"),
        (recommender_run, formula, "--score is for rankers"),
    ):
        refused = call("export", "--run", run.path, "--to", tmp_path / "other", "--score", asked)
        assert refused.code == 2 and re.search(message, refused.err), refused.err
    assert not (tmp_path / "other").exists()


def _frame():
    return every_kind_rows(5, 3).to_pandas()


def test_what_is_no_run_and_a_run_without_weights(tmp_path):
    refused = call("export", "--run", tmp_path, "--to", tmp_path / "base")
    assert refused.code == 1 and "not a run folder of tfelc" in refused.err
    run = write_untrained_recommender(tmp_path)
    run.best.unlink()
    refused = call("export", "--run", run.path, "--to", tmp_path / "base")
    assert refused.code == 1 and "best.npz" in refused.err
    assert not (tmp_path / "base").exists()
