import math

import numpy as np
import pytest
import tensorflow as tf

from tfelc.losses.next_item.bayesian_personalized_ranking import BayesianPersonalizedRanking
from tfelc.losses.next_item.settings import NextItemLossSettings

TABLE = np.array([[50, 50], [1, 0], [0, 1], [2, 2]], "float32")
COUNTS = np.array([5, 1, 1])


def _softplus(x: float) -> float:
    return math.log1p(math.exp(x))


def _drawing(
    drawn: list[list[int]], monkeypatch: pytest.MonkeyPatch, **settings: float | bool
) -> BayesianPersonalizedRanking:
    loss = BayesianPersonalizedRanking(COUNTS, num_negatives=len(drawn[0]), **settings)  # type: ignore[arg-type]
    monkeypatch.setattr(loss._sampler, "draw", lambda shape: tf.reshape(tf.constant(drawn, tf.int32), shape))
    return loss


def test_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    # Vector (1, 0): scores 1, 0, 2. Target 3, drawn 1 and 2. Vector (0, 1): scores 0, 1, 2; target 1, drawn 3 and the
    # target itself, which is left out.
    vectors, targets = np.eye(2, dtype="float32"), np.array([3, 1], "int32")
    plain = (_softplus(1 - 2) + _softplus(0 - 2) + _softplus(2 - 0)) / 3
    found = _drawing([[1, 2], [3, 1]], monkeypatch)(vectors, TABLE, targets)
    assert float(found) == pytest.approx(plain, rel=1e-6)
    # Squared lengths: 1 of each vector; 8 and 1 of the targets; 1, 1 and 8 of what was drawn.
    found = _drawing([[1, 2], [3, 1]], monkeypatch, regularization=0.2)(vectors, TABLE, targets)
    assert float(found) == pytest.approx(plain + 0.1 * (10 + 10 + 10) / 3, rel=1e-6)
    found = _drawing([[3]], monkeypatch, normalize=True, temperature=0.5)(
        np.array([[9.0, 0]], "float32"), TABLE, np.array([1], "int32")
    )
    assert float(found) == pytest.approx(_softplus((math.sqrt(0.5) - 1) / 0.5), rel=1e-6)


def test_a_batch_whose_draws_are_all_targets_has_no_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    loss = _drawing([[1]], monkeypatch, regularization=0.5)
    assert float(loss(np.ones((1, 2), "float32"), TABLE, np.array([1], "int32"))) == 0


def test_draws_are_uniform_and_go_on_where_they_stopped() -> None:
    loss = NextItemLossSettings.model_validate("bpr").create(np.array([1000, 1, 1, 1]), seed=3)
    assert isinstance(loss, BayesianPersonalizedRanking) and loss.num_negatives == 1
    drawn = loss._sampler.draw((4000,)).numpy()
    np.testing.assert_allclose(np.bincount(drawn)[1:], 1000, rtol=0.1)
    state = loss.variables[0].numpy()
    after = loss._sampler.draw((50,)).numpy()
    loss.variables[0].assign(state)
    np.testing.assert_array_equal(loss._sampler.draw((50,)), after)


@pytest.mark.parametrize("arguments", [{"num_negatives": 0}, {"regularization": -0.1}, {"temperature": 0}])
def test_what_cannot_be_is_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"`{next(iter(arguments))}` must be"):
        BayesianPersonalizedRanking(COUNTS, **arguments)  # type: ignore[arg-type]
