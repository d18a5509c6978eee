import pytest

from tests.support.sibling import write_sibling
from tfelc.core.errors import RunError, UsageError
from tfelc.lifecycle.report.trial import trials_of
from tfelc.ranker.run import RankerRun


def click_auc(result):
    return {"click": result.metrics["click"]["auc"]}


def trials(run, *siblings):
    return trials_of(RankerRun(run.path), [RankerRun(path) for path in siblings], click_auc)


def test_alpha_number_and_quality_are_read(trained_run, tmp_path):
    sibling = write_sibling(
        trained_run.path, tmp_path / "sibling", 0.05, "model.clusters.num_clusters=5", "model.clusters.alpha=2",
        "training.seed=8",
    )  # fmt: skip
    own, other = trials(trained_run, sibling)
    assert (own.alpha, own.count) == (0.1, 3) and (other.alpha, other.count) == (2, 5)
    assert other.quality["click"] == pytest.approx(own.quality["click"] + 0.05)


def test_what_does_not_belong_is_named(trained_run, tmp_path):
    other = write_sibling(trained_run.path, tmp_path / "other", 0, "model.embedding_dim=8")
    with pytest.raises(UsageError, match=r"other: differs from .* in model.embedding_dim; `siblings` are"):
        trials(trained_run, other)
    elsewhere = write_sibling(trained_run.path, tmp_path / "elsewhere", 0)
    metadata = (elsewhere / "run.json").read_text()
    (elsewhere / "run.json").write_text(metadata.replace(RankerRun(elsewhere).metadata["data_hash"], "0" * 64))
    with pytest.raises(UsageError, match="elsewhere: was trained on other data than"):
        trials(trained_run, elsewhere)
    unfinished = write_sibling(trained_run.path, tmp_path / "unfinished", 0)
    (unfinished / "metrics.json").unlink()
    with pytest.raises(RunError, match="unfinished: has no metrics.json"):
        trials(trained_run, unfinished)


def test_a_model_without_clusters_has_none(sequence_run):
    from tfelc.next_item.run import NextItemRun

    run = NextItemRun.open(sequence_run.parent / "sasrec")
    [trial] = trials_of(run, [], lambda result: dict(result.metrics["next_item"]))
    assert (trial.alpha, trial.count) == (0, 0) and set(trial.quality) >= {"hr@5", "ndcg@20"}
