import math

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfelc.losses.contrastive import intent_contrast, sequence_contrast


def test_sequence_contrast_by_hand() -> None:
    # Views a1 = (1, 0), a2 = (0, 1); b1 = (1, 0), b2 = (1, 1). Products a.b: a1b1 1, a1b2 1, a2b1 0, a2b2 1; a1a2 0;
    # b1b2 1.
    first = np.array([[1.0, 0], [0, 1]], "float32")
    second = np.array([[1.0, 0], [1, 1]], "float32")
    e = math.e
    of_a1 = math.log(e + e + 1) - 1  # positive a1b1; negatives a1b2 and a1a2
    of_a2 = math.log(e + 1 + 1) - 1  # positive a2b2; negatives a2b1 and a2a1
    of_b1 = math.log(e + 1 + e) - 1  # positive b1a1; negatives b1a2 and b1b2
    of_b2 = math.log(e + e + e) - 1  # positive b2a2; negatives b2a1 and b2b1
    assert float(sequence_contrast(first, second)) == pytest.approx((of_a1 + of_a2 + of_b1 + of_b2) / 4)
    of_a1, of_a2 = math.log(e**2 + e**2 + 1) - 2, math.log(e**2 + 1 + 1) - 2
    of_b1, of_b2 = math.log(e**2 + 1 + e**2) - 2, math.log(3 * e**2) - 2
    found = float(sequence_contrast(first, second, temperature=0.5))
    assert found == pytest.approx((of_a1 + of_a2 + of_b1 + of_b2) / 4)


def test_rows_of_the_same_thing_are_no_negatives() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 3, 4)).astype("float32")
    same = np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], bool)
    found = float(sequence_contrast(first, second, 0.7, same))
    terms = []
    for rows, others in ((first, second), (second, first)):
        for i in range(3):
            strangers = [j for j in range(3) if not same[i, j]]
            negatives = [rows[i] @ other[j] / 0.7 for j in strangers for other in (rows, others)]
            positive = rows[i] @ others[i] / 0.7
            terms.append(np.log(np.exp(positive) + np.exp(negatives).sum()) - positive)
    assert found == pytest.approx(np.mean(terms), rel=1e-5)
    # With nothing but equals there is nothing to tell apart.
    assert float(sequence_contrast(first, second, same=np.ones((3, 3), bool))) == pytest.approx(0, abs=1e-6)
    # The diagonal need not be told.
    assert float(sequence_contrast(first, second, same=np.zeros((3, 3), bool))) == pytest.approx(
        float(sequence_contrast(first, second))
    )


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 6), st.integers(0, 1000))
def test_neither_view_nor_order_matters_and_equal_views_are_best(batch: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, batch, 8)).astype("float32")
    first, second = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (first, second))
    found = float(sequence_contrast(first, second, 0.2))
    assert found >= 0 and float(sequence_contrast(second, first, 0.2)) == pytest.approx(found, rel=1e-4, abs=1e-6)
    order = rng.permutation(batch)
    assert float(sequence_contrast(first[order], second[order], 0.2)) == pytest.approx(found, rel=1e-4, abs=1e-6)
    with tf.GradientTape() as tape:
        moved = tf.Variable(second)
        loss = sequence_contrast(first, moved, 0.2)
    step = second - 0.01 * tape.gradient(loss, moved).numpy()
    assert float(sequence_contrast(first, step, 0.2)) <= found + 1e-6


def test_a_batch_of_one_has_no_negatives() -> None:
    assert float(sequence_contrast(np.ones((1, 3), "float32"), np.ones((1, 3), "float32"))) == 0


def test_intent_contrast_by_hand() -> None:
    # Embedding (1, 0) against centers (1, 0), (0, 1), (-1, 0): products 1, 0, -1; (0, 2): 0, 2, 0.
    embeddings = np.array([[1.0, 0], [0, 2]], "float32")
    centers = np.array([[1.0, 0], [0, 1], [-1, 0]], "float32")
    cluster = np.array([0, 1], "int32")
    wanted = (math.log(math.e + 1 + 1 / math.e) - 1 + math.log(1 + math.e**2 + 1) - 2) / 2
    assert float(intent_contrast(embeddings, centers, cluster)) == pytest.approx(wanted)
    wanted = (math.log(math.e**2 + 1 + math.e**-2) - 2 + math.log(2 + math.e**4) - 4) / 2
    assert float(intent_contrast(embeddings, centers, cluster, temperature=0.5)) == pytest.approx(wanted, rel=1e-5)
    # Without the third, which is no longer in use.
    wanted = (math.log(math.e + 1) - 1 + math.log(1 + math.e**2) - 2) / 2
    active = np.array([1.0, 1, 0], "float32")
    assert float(intent_contrast(embeddings, centers, cluster, active=active)) == pytest.approx(wanted, rel=1e-5)


def test_the_intent_contrast_pulls_to_the_own_center_and_spreads_the_others() -> None:
    embeddings, centers = tf.Variable([[0.8, 0.6]]), tf.Variable([[1.0, 0.0], [0.0, 1.0]])
    with tf.GradientTape() as tape:
        loss = intent_contrast(embeddings, centers, np.array([0], "int32"), 0.1)
    of_embeddings, of_centers = (gradient.numpy() for gradient in tape.gradient(loss, [embeddings, centers]))
    assert of_embeddings[0, 0] < 0 < of_embeddings[0, 1]
    assert np.all(of_centers[0] < 0) and np.all(of_centers[1] > 0)
    assert float(intent_contrast(embeddings, centers[:1], np.array([0], "int32"))) == pytest.approx(0, abs=1e-6)
