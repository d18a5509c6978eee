import math

import numpy as np
import pytest
import tensorflow as tf

from tfelc.losses.next_item.binary_cross_entropy import BinaryCrossEntropy

TABLE = np.array([[50, 50], [1, 0], [0, 1], [2, 2]], "float32")
COUNTS = np.array([5, 1, 1])


def _softplus(x: float) -> float:
    return math.log1p(math.exp(x))


def _drawing(loss: BinaryCrossEntropy, drawn: list[list[int]], monkeypatch: pytest.MonkeyPatch) -> BinaryCrossEntropy:
    monkeypatch.setattr(loss._sampler, "draw", lambda shape: tf.reshape(tf.constant(drawn, tf.int32), shape))
    return loss


def test_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    # Vector (1, 0): scores 1, 0, 2. Target 3, negatives 1 and 2. Vector (0, 1): scores 0, 1, 2; target 1, negatives 3
    # and the target itself, which is left out.
    loss = _drawing(BinaryCrossEntropy(COUNTS, num_negatives=2), [[1, 2], [3, 1]], monkeypatch)
    found = loss(np.eye(2, dtype="float32"), TABLE, np.array([3, 1], "int32"))
    wanted = _softplus(-2) + _softplus(1) + _softplus(0) + _softplus(0) + _softplus(2)
    assert float(found) == pytest.approx(wanted / 2)
    loss = _drawing(BinaryCrossEntropy(COUNTS, normalize=True, temperature=0.5), [[3]], monkeypatch)
    found = loss(np.array([[9.0, 0]], "float32"), TABLE, np.array([1], "int32"))
    assert float(found) == pytest.approx(_softplus(-2) + _softplus(math.sqrt(2)), rel=1e-6)


def test_the_exponent_of_gbce() -> None:
    # 101 items, 10 negatives: the rate a is 0.1, and b = a (t (1 - 1/a) + 1/a) = 1 - 0.9 t.
    exponents = [BinaryCrossEntropy(np.ones(101), 10, t).exponent for t in (0.0, 0.5, 1.0)]
    assert exponents == pytest.approx([1.0, 0.55, 0.1])
    # More negatives than there are others; one item alone.
    assert BinaryCrossEntropy(np.ones(5), 100, 1.0).exponent == pytest.approx(1.0)
    assert BinaryCrossEntropy(np.ones(1), 1, 0.7).exponent == pytest.approx(1.0)


def test_the_exponent_weighs_the_target_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    loss = _drawing(BinaryCrossEntropy(COUNTS, 1, calibration=1.0), [[1]], monkeypatch)
    found = loss(np.array([[1.0, 0]], "float32"), TABLE, np.array([3], "int32"))
    assert float(found) == pytest.approx(0.5 * _softplus(-2) + _softplus(1))  # the rate is 1 of 2 others


def test_each_row_has_draws_of_its_own_from_the_whole_catalog() -> None:
    loss = BinaryCrossEntropy(np.array([1000, 1, 1, 1]), num_negatives=2, seed=3)
    # One-hot vectors and items: each row's loss tells what was drawn. The vector is that of an item never the target.
    table = np.concatenate([np.zeros((1, 4)), 4 * np.eye(4)]).astype("float32")
    vectors = np.tile(np.array([[0.0, 0, 1, 0]], "float32"), (3000, 1))
    with tf.GradientTape() as tape:
        entered = tf.Variable(table)
        value = loss(vectors, entered, np.full(3000, 4, "int32"))
    gradient = tf.convert_to_tensor(tape.gradient(value, entered)).numpy()[:, 2] * 3000
    # Uniform: each of the three others is drawn 1,500 times; softplus' slope is 1/2 at the score 0, near 1 at 4.
    assert not gradient[0] and gradient[1] == pytest.approx(750, rel=0.1)
    assert gradient[2] == pytest.approx(750, rel=0.1)
    assert gradient[3] == pytest.approx(1500 / (1 + math.exp(-4)), rel=0.1)
    assert gradient[4] == pytest.approx(-1500, rel=1e-3)  # the target: slope -1/2 a row, and its own draws are left out


def test_the_seed_gives_the_draws_and_the_state_goes_on() -> None:
    arguments = (np.eye(2, dtype="float32"), TABLE, np.array([3, 1], "int32"))
    losses = [BinaryCrossEntropy(COUNTS, 2, seed=seed) for seed in (1, 1, 2)]
    first, again, other = ([float(loss(*arguments)) for _ in range(6)] for loss in losses)
    assert first == again != other and len(set(first)) > 1
    copy = BinaryCrossEntropy(COUNTS, 2, seed=9)
    for variable, value in zip(copy.variables, losses[0].variables, strict=True):
        variable.assign(value)
    assert [float(copy(*arguments)) for _ in range(5)] == [float(losses[0](*arguments)) for _ in range(5)]


def test_what_it_refuses() -> None:
    with pytest.raises(ValueError, match=r"`calibration` must lie in \[0, 1\]. Received: calibration=1.2"):
        BinaryCrossEntropy(COUNTS, calibration=1.2)
    with pytest.raises(ValueError, match="`num_negatives` must be at least 1. Received: num_negatives=0"):
        BinaryCrossEntropy(COUNTS, num_negatives=0)
