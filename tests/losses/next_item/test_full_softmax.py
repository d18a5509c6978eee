import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from tfelc.losses.next_item.full_softmax import FullSoftmax

# Row 0 is padding and would win every comparison.
TABLE = np.array([[50, 50], [1, 0], [0, 1], [2, 2]], "float32")


def _plain(vectors, table, targets, normalize: bool, temperature: float):
    """The same loss by a library's own gradient."""
    candidates = table[1:]
    if normalize:
        vectors, candidates = (ops.normalize(rows, axis=-1, epsilon=1e-12) for rows in (vectors, candidates))
    logits = ops.matmul(vectors, ops.transpose(candidates)) / temperature
    return ops.mean(keras.losses.sparse_categorical_crossentropy(targets - 1, logits, from_logits=True))


def test_by_hand() -> None:
    # Scores 1, 0, 2 of items 1 to 3 for the vector (1, 0), and 0, 1, 2 for (0, 1).
    total = 1 + math.e + math.e**2
    found = FullSoftmax()(np.eye(2, dtype="float32"), TABLE, np.array([3, 1], "int32"))
    assert float(found) == pytest.approx((math.log(total) - 2 + math.log(total)) / 2)
    # Over the temperature 1/2 scores double; cosines are 1, 0 and 1 / sqrt(2).
    found = FullSoftmax(temperature=0.5)(np.array([[1.0, 0]], "float32"), TABLE, np.array([1], "int32"))
    assert float(found) == pytest.approx(math.log(math.e**2 + 1 + math.e**4) - 2)
    found = FullSoftmax(normalize=True)(np.array([[7.0, 0]], "float32"), TABLE, np.array([1], "int32"))
    assert float(found) == pytest.approx(math.log(math.e + 1 + math.exp(0.5**0.5)) - 1)


@pytest.mark.parametrize(("normalize", "temperature"), [(False, 1.0), (False, 0.3), (True, 0.07)])
def test_its_gradient_is_that_of_automatic_differentiation(normalize: bool, temperature: float) -> None:
    rng = np.random.default_rng(0)
    vectors = tf.Variable(rng.normal(size=(7, 4)).astype("float32"))
    table = tf.Variable(rng.normal(size=(6, 4)).astype("float32"))
    targets = tf.constant([1, 5, 2, 2, 3, 1, 2])  # repeated, and never item 4

    def gradients(loss):
        @tf.function
        def of_the_tripled():
            # Three times the loss, so that what comes from above matters.
            with tf.GradientTape() as tape:
                value = 3.0 * loss(vectors, table, targets)
            return value, *tape.gradient(value, [vectors, table])

        return of_the_tripled()

    found = gradients(FullSoftmax(normalize, temperature))
    wanted = gradients(lambda *arguments: _plain(*arguments, normalize, temperature))
    for ours, theirs in zip(found, wanted, strict=True):
        np.testing.assert_allclose(tf.convert_to_tensor(ours), theirs, rtol=2e-4, atol=1e-6)
    assert not tf.convert_to_tensor(found[2]).numpy()[0].any()


def test_a_chance_too_small_for_a_float_still_has_a_gradient() -> None:
    vectors = tf.Variable([[300.0, 0]])
    with tf.GradientTape() as tape:
        loss = FullSoftmax()(vectors, TABLE, np.array([2], "int32"))
    assert np.isfinite(loss) and float(loss) > 80
    np.testing.assert_allclose(tape.gradient(loss, vectors), [[2, 1]], atol=1e-5)  # the winner less the target


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis -1")
def test_a_catalog_of_one_item_has_nothing_to_learn() -> None:
    vectors = tf.Variable([[3.0, 1.0]])
    with tf.GradientTape() as tape:
        loss = FullSoftmax()(vectors, TABLE[:2], np.array([1], "int32"))
    assert float(loss) == 0 and not tape.gradient(loss, vectors).numpy().any()


def test_rows_of_zeros_have_a_finite_gradient_where_scores_are_cosines() -> None:
    vectors = tf.Variable(np.zeros((1, 2), "float32"))
    with tf.GradientTape() as tape:
        loss = FullSoftmax(normalize=True, temperature=0.1)(vectors, TABLE, np.array([2], "int32"))
    assert float(loss) == pytest.approx(math.log(3))
    assert np.all(np.isfinite(tape.gradient(loss, vectors)))


def test_the_temperature_is_checked() -> None:
    with pytest.raises(ValueError, match="`temperature` must be above 0. Received: temperature=0"):
        FullSoftmax(temperature=0)
