"""What looks at the whole batch does so when workers share it: loss and gradients are the means of theirs."""

import numpy as np
import pytest
import tensorflow as tf
from keras import ops

from tests.support.parts import check_mean_of_parts, over_parts
from tfelc.layers.center_updates import moving_means
from tfelc.layers.learnable_clusters import LearnableClusters
from tfelc.losses import clustering
from tfelc.losses.l2_normalized import l2_normalized
from tfelc.losses.ranking.listwise import ListwiseTerm
from tfelc.losses.ranking.pairwise import PairwiseTerm
from tfelc.losses.ranking.ranking_losses import ranking_losses
from tfelc.losses.task_losses import task_losses
from tfelc.schema.task import Task

ROWS = 12
DRAWN = np.random.default_rng(3)
LABELS = {
    "ctr": tf.constant(np.float32([1, 1, 1, 1, 1, np.nan, 0, 0, 0, 0, 0, 1])),  # most clicks lie in one part
    "cvr": tf.constant(np.float32([1, 0, 1, 0, 0, 1, 0, 0, np.nan, 0, 0, 1])),
}
TASKS = {"ctr": Task(label="clicked"), "cvr": Task(label="bought", conditioned_on="ctr")}


def normal(*shape):
    return tf.constant(DRAWN.normal(size=shape).astype(np.float32))


def test_a_mean_by_hand():
    # Three labels are known in the first part and one in the second: two on average.
    found = over_parts(lambda part: task_losses({"like": Task(label="liked")}, *of_part(part))["like"], 2)
    # 3 log 2 / 2 and log 2 / 2, whose mean is that of the four rows, log 2.
    np.testing.assert_allclose(found, [1.5 * np.log(2), 0.5 * np.log(2)], rtol=1e-6)


def of_part(part):
    labels = [[1.0, 0.0, 1.0], [1.0, np.nan, np.nan]][part]
    return {"like": tf.constant(labels)}, {"like": tf.zeros(3)}


@pytest.mark.parametrize("count", [2, 3])
def test_losses_of_tasks(count):
    weights, logits = tf.constant(DRAWN.uniform(size=ROWS).astype(np.float32)), [normal(ROWS), normal(ROWS)]

    def loss(rows):
        of_rows = [
            {name: values[rows] for name, values in zip(TASKS, each, strict=True)} for each in (LABELS.values(), logits)
        ]
        return sum(task_losses(TASKS, *of_rows, weights[rows]).values())

    check_mean_of_parts(loss, logits, ROWS, count)


@pytest.mark.parametrize("term", [ListwiseTerm(0.1), PairwiseTerm(0.1)])
def test_ranking_terms_where_no_user_is_cut(term):
    users, logits = tf.constant([1, 1, 1, 2, 2, 2, 3, 3, 4, 4, 4, 4]), normal(ROWS)
    tasks, labels = {"ctr": TASKS["ctr"]}, {"ctr": tf.constant(DRAWN.integers(0, 2, ROWS).astype(np.float32))}

    def loss(rows):
        return ranking_losses(term, tasks, {"ctr": labels["ctr"][rows]}, {"ctr": logits[rows]}, users[rows])["ctr"]

    check_mean_of_parts(loss, [logits], ROWS)


@pytest.mark.parametrize("objective", clustering.OBJECTIVES)
@pytest.mark.parametrize("active", [None, tf.constant([1.0, 0.0, 1.0, 1.0])])
def test_clusterings(objective, active):
    # The last center is far from all rows, so that it is nearly empty and `balance` is above 0.
    embeddings, centers = tf.abs(normal(ROWS, 5)), tf.concat([normal(3, 5), -10 * tf.ones([1, 5])], 0)

    def loss(rows):
        of_rows = l2_normalized(embeddings[rows])
        return clustering.OBJECTIVES[objective](of_rows, l2_normalized(centers), 0.05, active)

    check_mean_of_parts(loss, [embeddings, centers], ROWS)


def test_balance_is_not_zero_there():
    similarity = tf.constant([[1.0, -1.0]] * 4)
    whole = clustering.balance(similarity, 0.05)
    np.testing.assert_allclose(over_parts(lambda part: clustering.balance(similarity[:2], 0.05), 2), [whole] * 2)
    assert whole > 10


def test_centers_that_follow_the_rows():
    centers, embeddings, shares = normal(3, 2), normal(ROWS, 2), tf.nn.softmax(normal(ROWS, 3))
    whole = moving_means(centers, embeddings, shares, 0.9)
    for found in over_parts(
        lambda part: moving_means(centers, *(x[6 * part :][:6] for x in (embeddings, shares)), 0.9), 2
    ):
        np.testing.assert_allclose(found, whole, rtol=1e-5)


def test_what_clusters_hold_is_counted_over_all_rows():
    rows = ops.convert_to_tensor(np.concatenate([np.eye(2)[[0] * 6], np.eye(2)[[1] * 6]]).astype(np.float32))

    def share(of_rows):
        layer = LearnableClusters(2, merge=True, temperature=0.01)
        layer.build((None, 2))
        layer.centers.assign([[1.0, 0.0], [0.0, 1.0]])
        layer(of_rows, training=True)
        return layer.share.numpy()

    whole = share(rows)
    for found in over_parts(lambda part: share(rows[6 * part :][:6]), 2):
        np.testing.assert_allclose(found, whole, rtol=1e-6)
    np.testing.assert_allclose(whole, [0.5, 0.5])
