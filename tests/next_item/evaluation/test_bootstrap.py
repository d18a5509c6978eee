import numpy as np
import pytest

from tfelc.core.errors import DataError, UsageError
from tfelc.metrics.registries import RANKING_METRICS
from tfelc.metrics.summary import ranking_metrics
from tfelc.next_item.evaluation.bootstrap import paired_ranking_bootstrap


def _ranks(seed: int, users: int = 500, better: float = 1.0):
    rng = np.random.default_rng(seed)
    return np.ceil(rng.pareto(0.5, users) / better + 1e-9).clip(1, 1000).astype(int)


@pytest.mark.parametrize("metric", RANKING_METRICS.names())
def test_agrees_with_resampling_for_real(metric: str) -> None:
    first, second = _ranks(0), _ranks(1)
    found = paired_ranking_bootstrap(first, second, metric, replicates=100, seed=5)
    rng = np.random.default_rng(5)
    sample = []
    for _ in range(100):
        draw = rng.integers(500, size=500)
        sample.append(ranking_metrics(second[draw])[metric] - ranking_metrics(first[draw])[metric])
    assert found.difference == pytest.approx(ranking_metrics(second)[metric] - ranking_metrics(first)[metric])
    assert [found.low, found.high] == pytest.approx(np.quantile(sample, [0.025, 0.975]))
    rarer = min(np.sum(np.array(sample) <= 0), np.sum(np.array(sample) >= 0))
    assert found.p_value == pytest.approx(min(1, 2 * (rarer + 1) / 101)) and found.replicates == 100


def test_a_real_gain_is_seen_and_no_gain_is_not() -> None:
    first = _ranks(0, 4000)
    better = np.maximum(1, first - (np.arange(4000) % 3 == 0) * 2)
    found = paired_ranking_bootstrap(first, better, replicates=200)
    assert found.low > 0 and found.p_value < 0.02
    same = paired_ranking_bootstrap(first, first, replicates=200)
    assert (same.difference, same.low, same.high, same.p_value) == (0, 0, 0, 1)


def test_several_seeds_compare_by_their_mean() -> None:
    seeds = np.stack([_ranks(seed) for seed in range(3)])
    found = paired_ranking_bootstrap(seeds, seeds[:2], "hr@10", replicates=10)
    by_seed = [ranking_metrics(ranks)["hr@10"] for ranks in seeds]
    assert found.difference == pytest.approx(np.mean(by_seed[:2]) - np.mean(by_seed))


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(DataError, match="the same users. Received: 2 and 3"):
        paired_ranking_bootstrap([1, 2], [1, 2, 3])
    with pytest.raises(DataError, match="Example 1 holds 0"):
        paired_ranking_bootstrap([1, 2], [[1, 2], [3, 0]])
    with pytest.raises(UsageError, match="no metric `mrr`; it is one of hr@5"):
        paired_ranking_bootstrap([1], [1], "mrr")
