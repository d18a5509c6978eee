import time
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from tfelc.core.errors import DataError, UsageError
from tfelc.metrics.auc import auc
from tfelc.metrics.calibration import calibration
from tfelc.metrics.gauc import gauc
from tfelc.metrics.log_loss import log_loss
from tfelc.metrics.normalized_entropy import normalized_entropy
from tfelc.ranker.evaluation.bootstrap import paired_bootstrap


def _log(rows: int, users: int, gain: float, seed: int = 0) -> tuple[Any, Any, Any, Any]:
    """Labels, two sets of scores with ties, and users; the second scores see `gain` more of the truth."""
    rng = np.random.default_rng(seed)
    user = rng.integers(0, users, rows)
    truth = rng.normal(size=rows) + rng.normal(size=users)[user]
    labels = (rng.random(rows) < 1 / (1 + np.exp(-truth))).astype("int8")
    noise = rng.normal(size=rows)
    return labels, (truth * 0.5 + noise).round(1), (truth * (0.5 + gain) + noise).round(1), user


def _naive(labels: Any, first: Any, second: Any, users: Any, metric: str, replicates: int, seed: int) -> Any:
    """Resamples rows of users for real, by the same draws, and scores with scikit-learn."""
    rng = np.random.default_rng(seed)
    names = list(dict.fromkeys(users.tolist()))  # In the order of their first rows, as the draws number them.
    found = []
    for _ in range(replicates):
        copies = [np.flatnonzero(users == names[drawn]) for drawn in rng.integers(len(names), size=len(names))]
        rows = np.concatenate(copies)
        if metric == "auc":
            found.append(roc_auc_score(labels[rows], second[rows]) - roc_auc_score(labels[rows], first[rows]))
            continue
        # A user drawn twice counts twice, each copy as a user of its own.
        copy = np.repeat(np.arange(len(copies)), [len(one) for one in copies])
        found.append(gauc(labels[rows], second[rows], copy).value - gauc(labels[rows], first[rows], copy).value)
    return np.array(found)


@pytest.mark.parametrize("metric", ["auc", "gauc"])
def test_agrees_with_resampling_for_real(metric: Any) -> None:
    labels, first, second, users = _log(400, 40, gain=0.2)
    found = paired_bootstrap(labels, first, second, users, metric, replicates=150, seed=3)
    expected = _naive(labels, first, second, users, metric, replicates=150, seed=3)
    assert [found.low, found.high] == pytest.approx(np.quantile(expected, [0.025, 0.975]), abs=1e-12)
    rarer = min(np.sum(expected <= 0), np.sum(expected >= 0))
    assert found.p_value == pytest.approx(min(1, 2 * (rarer + 1) / 151))
    assert found.replicates == 150
    whole = {"auc": auc, "gauc": lambda y, p: gauc(y, p, users).value}[metric]
    assert found.difference == pytest.approx(whole(labels, second) - whole(labels, first), abs=1e-12)


@pytest.mark.parametrize(
    ("metric", "function"), [("logloss", log_loss), ("ne", normalized_entropy), ("calibration", calibration)]
)
def test_metrics_of_probabilities_agree_with_resampling_for_real(metric: str, function: Any) -> None:
    labels, first, second, users = _log(400, 40, gain=0.2)
    first, second = (1 / (1 + np.exp(-scores)) for scores in (first, second))
    found = paired_bootstrap(labels, first, second, users, metric, replicates=150, seed=3)
    rng = np.random.default_rng(3)
    names = list(dict.fromkeys(users.tolist()))
    expected = []
    for _ in range(150):
        drawn = rng.integers(len(names), size=len(names))
        rows = np.concatenate([np.flatnonzero(users == names[one]) for one in drawn])
        expected.append(function(labels[rows], second[rows]) - function(labels[rows], first[rows]))
    assert [found.low, found.high] == pytest.approx(np.quantile(expected, [0.025, 0.975]), abs=1e-12)
    assert found.replicates == 150
    assert found.difference == pytest.approx(function(labels, second) - function(labels, first), abs=1e-12)


@pytest.mark.parametrize("metric", ["ne", "calibration"])
def test_replicates_without_a_positive_do_not_define_a_rate(metric: str) -> None:
    labels, users = np.array([1, 0, 0, 0]), np.array([0, 0, 1, 2])
    found = paired_bootstrap(labels, [0.5] * 4, [0.25] * 4, users, metric, replicates=200)
    assert 100 < found.replicates < 200 and np.isfinite([found.difference, found.low, found.high]).all()


def test_a_real_gain_is_seen_and_no_gain_is_not() -> None:
    labels, first, second, users = _log(4000, 300, gain=0.3)
    better = paired_bootstrap(labels, first, second, users, replicates=300)
    assert better.low > 0 and better.p_value <= 2 / 301 + 1e-12
    same = paired_bootstrap(labels, first, first, users, replicates=300)
    assert (same.difference, same.low, same.high, same.p_value) == (0.0, 0.0, 0.0, 1.0)
    worse = paired_bootstrap(labels, second, first, users, replicates=300)
    assert worse.difference == -better.difference
    assert (worse.low, worse.high) == pytest.approx((-better.high, -better.low))


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    # Both models are equally good by construction, so the true difference is 0.
    covered = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        users = rng.integers(0, 40, 400)
        truth = rng.normal(size=400)
        labels = (truth + rng.normal(size=400) > 0).astype(int)
        first, second = truth + rng.normal(size=(2, 400))
        result = paired_bootstrap(labels, first, second, users, replicates=200, seed=seed)
        covered += result.low <= 0 <= result.high
    assert 85 <= covered <= 100


def test_several_seeds_compare_by_their_mean() -> None:
    labels, first, second, users = _log(400, 40, gain=0.2)
    other = _log(400, 40, gain=0.0, seed=1)[1]
    found = paired_bootstrap(labels, [first, other], [second], users, replicates=20)
    expected = auc(labels, second) - (auc(labels, first) + auc(labels, other)) / 2
    assert found.difference == pytest.approx(expected, abs=1e-12)
    one = paired_bootstrap(labels, [first, first], second, users, replicates=20)
    assert one.low == pytest.approx(paired_bootstrap(labels, first, second, users, replicates=20).low, abs=1e-12)


def test_undefined_replicates_do_not_count() -> None:
    # Only user 0 has a positive: a replicate without it has no AUC.
    labels, users = np.array([1, 0, 0, 0]), np.array([0, 0, 1, 2])
    found = paired_bootstrap(labels, [0.9, 0.1, 0.2, 0.3], [0.1, 0.9, 0.2, 0.3], users, replicates=200)
    assert 100 < found.replicates < 200 and found.difference == -1.0 and found.high < 0
    nothing = paired_bootstrap(np.zeros(4), np.ones(4), np.ones(4), users, replicates=10)
    assert np.isnan([nothing.difference, nothing.low, nothing.p_value]).all() and nothing.replicates == 0


def test_forty_thousand_rows_take_seconds() -> None:
    labels, first, second, users = _log(40_000, 10_000, gain=0.05)
    began = time.process_time()
    paired_bootstrap(labels, first, second, users, replicates=200)
    assert time.process_time() - began < 4  # Resampling the rows for real takes several times as long.


def test_refuses_broken_predictions() -> None:
    users = np.array([0, 1])
    with pytest.raises(DataError, match=r"within \[0, 1\]. Row 1 holds 1.5"):
        paired_bootstrap([0, 1], [0.1, 0.2], [0.1, 1.5], users, "logloss")
    with pytest.raises(UsageError, match="metric `ece` has no interval; use auc, gauc, logloss, ne, calibration"):
        paired_bootstrap([0, 1], [0.1, 0.2], [0.1, 0.2], users, "ece")
    with pytest.raises(UsageError, match="no metric `lift`; it is one of auc"):
        paired_bootstrap([0, 1], [0.1, 0.2], [0.1, 0.2], users, "lift")
    with pytest.raises(DataError, match="Row 1 holds nan"):
        paired_bootstrap([0, 1], [0.1, 0.2], [0.1, np.nan], users)
    with pytest.raises(DataError, match=r"\(2,\). Received: shape=\(3,\)"):
        paired_bootstrap([0, 1], [0.1, 0.2], [0.1, 0.2, 0.3], users)
    with pytest.raises(DataError, match=r"\(rows,\) or \(seeds, rows\)"):
        paired_bootstrap([0, 1], [0.1, 0.2], [[[0.1, 0.2]]], users)
