import numpy as np
import pytest

from tfelc.core.errors import DataError
from tfelc.metrics.registries import RANKING_METRICS
from tfelc.metrics.summary import ranking_metrics


def test_figures_by_hand() -> None:
    found = ranking_metrics([1, 3, 7, 15, 40])
    assert list(found) == RANKING_METRICS.names() == ["hr@5", "hr@10", "hr@20", "ndcg@5", "ndcg@10", "ndcg@20"]
    # 1 / log2(rank + 1) is 1 at rank 1, 1/2 at 3, 1/3 at 7 and 1/4 at 15.
    expected = [2 / 5, 3 / 5, 4 / 5, 1.5 / 5, (1.5 + 1 / 3) / 5, (1.75 + 1 / 3) / 5]
    assert list(found.values()) == pytest.approx(expected)
    assert all(type(value) is float for value in found.values())


def test_gains_have_the_metrics_as_their_means() -> None:
    ranks = np.random.default_rng(0).integers(1, 50, 200)
    for name, value in ranking_metrics(ranks).items():
        gains = RANKING_METRICS.get(name).gains(ranks)
        assert gains.shape == (200,) and gains.mean() == pytest.approx(value)


@pytest.mark.parametrize(
    ("ranks", "message"), [([], "at least one"), ([1, 0], "Example 1 holds 0"), ([1.5], "holds 1.5")]
)
def test_what_is_no_rank_is_refused(ranks, message: str) -> None:
    with pytest.raises(DataError, match=message):
        ranking_metrics(ranks)
