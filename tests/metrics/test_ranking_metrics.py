import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfelc.core.errors import DataError
from tfelc.metrics.hit_rate import hit_rate
from tfelc.metrics.ndcg import ndcg

_RANKS = st.lists(st.integers(1, 40), min_size=1, max_size=20)


def test_by_hand() -> None:
    ranks = [1, 2, 3, 10, 11]
    assert hit_rate(ranks, 1) == 0.2 and hit_rate(ranks, 10) == 0.8
    assert ndcg(ranks, 1) == 0.2
    assert ndcg(ranks, 10) == pytest.approx((1 + 1 / np.log2(3) + 0.5 + 1 / np.log2(11)) / 5)


@given(_RANKS, st.integers(1, 40))
def test_bounds_and_order(ranks, k: int) -> None:
    assert 0 <= ndcg(ranks, k) <= hit_rate(ranks, k) <= 1
    assert hit_rate(ranks, k) <= hit_rate(ranks, k + 1) and ndcg(ranks, k) <= ndcg(ranks, k + 1)
    assert hit_rate(ranks, 1) == ndcg(ranks, 1)
    better = np.maximum(1, np.array(ranks) - 1)
    assert ndcg(better, k) >= ndcg(ranks, k)


def test_agrees_with_scikit_learn() -> None:
    from sklearn.metrics import ndcg_score, top_k_accuracy_score

    scores = np.random.default_rng(0).random((30, 25))
    targets = np.arange(30) % 25
    ranks = (scores >= scores[np.arange(30), targets][:, None]).sum(axis=1)
    truth = np.eye(25)[targets]
    assert ndcg(ranks, 10) == pytest.approx(ndcg_score(truth, scores, k=10))
    assert hit_rate(ranks, 10) == pytest.approx(top_k_accuracy_score(targets, scores, k=10, labels=range(25)))


@pytest.mark.parametrize("metric", [hit_rate, ndcg])
def test_what_is_no_rank_is_refused(metric) -> None:
    for ranks in ([], [0], [-1, 2], [float("nan")], [1.5]):
        with pytest.raises(DataError, match="metrics need ranks"):
            metric(ranks, 5)
