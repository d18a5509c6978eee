import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfelc.losses.next_item.full_softmax import FullSoftmax
from tfelc.losses.next_item.sampled_softmax import SampledSoftmax

TABLE = np.array([[50, 50], [1, 0], [0, 1], [2, 2]], "float32")
COUNTS = np.array([4, 1, 0])


def test_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    # Chances go by the square roots of 4, 1 and 1 (an item that is never a target counts as one): 1/2, 1/4, 1/4.
    vectors, targets = np.eye(2, dtype="float32"), np.array([3, 1], "int32")
    drawn = [1, 3, 1]
    outcomes = {}
    for log_q in (False, True):
        loss = SampledSoftmax(COUNTS, num_negatives=3, log_q=log_q)
        monkeypatch.setattr(loss._sampler, "draw", lambda shape: tf.reshape(tf.constant(drawn), shape))
        outcomes[log_q] = float(loss(vectors, TABLE, targets))
    # Row 1: target 3 with score 2; the draw 3 is left out, two draws of item 1 with score 1 stay.
    # Row 2: target 1 with score 0; its two draws are left out, item 3 with score 2 stays.
    first = math.log(math.e**2 + 2 * math.e) - 2
    second = math.log(1 + math.e**2)
    assert outcomes[False] == pytest.approx((first + second) / 2)
    # Corrected: e^s / (3 q), which for item 1 is e^s / 1.5, and for item 3 e^s / 0.75.
    first = math.log(math.e**2 + 2 * math.e / 1.5) - 2
    second = math.log(1 + math.e**2 / 0.75)
    assert outcomes[True] == pytest.approx((first + second) / 2)


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_the_corrected_sum_estimates_that_of_the_full_softmax_without_bias(power: float) -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(31, 4)).astype("float32")
    vectors = rng.normal(size=(1, 4)).astype("float32") * 0.7
    targets = np.array([7], "int32")
    counts = rng.integers(0, 40, 30)
    wanted = math.exp(float(FullSoftmax(temperature=0.8)(vectors, table, targets)))
    loss = SampledSoftmax(counts, num_negatives=20, power=power, temperature=0.8, seed=1)
    graph = tf.function(lambda: loss(vectors, table, targets))
    # exp(loss) is the estimated sum over the target's share: its mean over the draws is that of the full one.
    estimates = np.exp([float(graph()) for _ in range(1500)])
    error = estimates.std() / math.sqrt(len(estimates))
    assert abs(estimates.mean() - wanted) < 4 * error and error < 0.03 * wanted


def test_without_the_correction_the_popular_weigh_too_much() -> None:
    rng = np.random.default_rng(0)
    table = rng.normal(size=(31, 4)).astype("float32") * 0.01
    table[1] = [3, 0, 0, 0]
    counts = np.array([1000] + [1] * 29)
    arguments = (np.array([[1.0, 0, 0, 0]], "float32"), table, np.array([7], "int32"))
    corrected, plain = (
        np.mean([float(loss(*arguments)) for _ in range(20)])
        for loss in (SampledSoftmax(counts, 29, 1.0, log_q, seed=0) for log_q in (True, False))
    )
    full = float(FullSoftmax()(*arguments))
    assert abs(corrected - full) < 0.3 and plain > full + 1


def test_it_leads_where_the_full_softmax_leads() -> None:
    rng = np.random.default_rng(0)
    vectors = tf.constant(rng.normal(size=(5, 4)).astype("float32"))
    targets = np.array([1, 2, 3, 3, 9], "int32")

    def gradient(loss, calls: int):
        table = tf.Variable(np.random.default_rng(1).normal(size=(13, 4)).astype("float32"))

        @tf.function
        def once():
            with tf.GradientTape() as tape:
                value = loss(vectors, table, targets)
            return tf.convert_to_tensor(tape.gradient(value, table))

        return np.mean([once().numpy() for _ in range(calls)], axis=0)

    full = gradient(FullSoftmax(), 1)
    sampled = gradient(SampledSoftmax(np.ones(12, int), num_negatives=200, seed=2), 40)
    np.testing.assert_allclose(sampled, full, atol=0.02)
    assert np.abs(full).max() > 0.2


def test_the_seed_gives_the_draws_and_the_state_goes_on() -> None:
    arguments = (np.eye(2, dtype="float32"), TABLE, np.array([3, 1], "int32"))
    losses = [SampledSoftmax(COUNTS, 4, seed=seed) for seed in (1, 1, 2)]
    first, again, other = ([float(loss(*arguments)) for _ in range(6)] for loss in losses)
    assert first == again != other and len(set(first)) > 1
    copy = SampledSoftmax(COUNTS, 4, seed=9)
    for variable, value in zip(copy.variables, losses[0].variables, strict=True):
        variable.assign(value)
    assert [float(copy(*arguments)) for _ in range(5)] == [float(losses[0](*arguments)) for _ in range(5)]


def test_cosines_and_a_catalog_of_one_item() -> None:
    keras.utils.set_random_seed(0)
    loss = SampledSoftmax(COUNTS, 2, normalize=True, temperature=0.1)
    small, large = (float(loss(scale * np.eye(2, dtype="float32"), TABLE, np.array([1, 2]))) for scale in (0.1, 9.0))
    assert 0 <= small < 10 and 0 <= large < 10
    assert float(SampledSoftmax(np.array([3]), 5)(np.ones((1, 2), "float32"), TABLE[:2], np.array([1]))) == 0
    with pytest.raises(ValueError, match="`num_negatives` must be at least 1. Received: num_negatives=0"):
        SampledSoftmax(COUNTS, num_negatives=0)
