import numpy as np
import pytest

from tfelc.lifecycle.evaluation.resampling import paired, resampled
from tfelc.metrics.ratio_of_sums import RatioOfSums


def test_the_draws_are_those_of_the_seed() -> None:
    gains = np.random.default_rng(1).normal(size=30)
    found = resampled(lambda draws: draws @ gains / 30, 30, replicates=70, seed=4)
    rng = np.random.default_rng(4)
    sample = [gains[rng.integers(30, size=30)].mean() for _ in range(70)]
    assert [found.low, found.high] == pytest.approx(np.quantile(sample, [0.025, 0.975]))
    assert found.difference == pytest.approx(gains.mean()) and found.replicates == 70


def test_seeds_are_compared_by_their_mean() -> None:
    ones = np.ones(5)
    means = [RatioOfSums(value * ones, ones) for value in (0.0, 1.0, 4.0)]
    found = paired(means[:2], means[1:], 5, replicates=10)
    assert (found.difference, found.low, found.high) == pytest.approx((2.0, 2.0, 2.0))
