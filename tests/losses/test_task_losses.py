from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfelc.losses.task_heads.binary_cross_entropy import binary_cross_entropy
from tfelc.losses.task_losses import joint_cross_entropy, task_losses
from tfelc.schema.task import Task

CTR = Task(label="click")
CVR = Task(label="order", conditioned_on="ctr")
ESMM = Task(label="order", conditioned_on="ctr", space="entire")
_EXTREME = (-50.0, -17.0, -3.0, 0.0, 3.0, 17.0, 50.0)


def _floats(*values: float) -> Any:
    return tf.constant(values, tf.float32)


def _softplus(z: Any) -> Any:
    return np.logaddexp(0.0, np.asarray(z, np.float64))


def _losses(
    tasks: Mapping[str, Task], labels: Mapping[str, Any], logits: Mapping[str, Any], weights: Any = None
) -> dict[str, float]:
    return {name: float(value) for name, value in task_losses(tasks, labels, logits, weights).items()}


def test_binary_cross_entropy_by_hand() -> None:
    # -log sigmoid(log 3) = log(4 / 3), -log(1 - sigmoid(log 3)) = log 4.
    values = binary_cross_entropy(_floats(1, 0, 1, 0), _floats(np.log(3), np.log(3), 0, 0))
    np.testing.assert_allclose(values, np.log([4 / 3, 4, 2, 2]), rtol=1e-6)


def test_binary_cross_entropy_does_not_overflow() -> None:
    logits = tf.Variable([-500.0, -50, 0, 50, 500] * 2)
    labels = _floats(*([1] * 5 + [0] * 5))
    with tf.GradientTape() as tape:
        values = binary_cross_entropy(labels, logits)
        total = tf.reduce_sum(values)
    np.testing.assert_allclose(values, [500, 50, np.log(2), 0, 0, 0, 0, np.log(2), 50, 500], atol=1e-6)
    gradient = tape.gradient(total, logits)
    np.testing.assert_allclose(gradient, [-1, -1, -0.5, 0, 0, 0, 0, 0.5, 1, 1], atol=1e-6)


def test_product_of_probabilities_by_hand() -> None:
    # 3/4 * 1/2 = 3/8.
    chain = [_floats(np.log(3), np.log(3)), _floats(0, 0)]
    np.testing.assert_allclose(joint_cross_entropy(_floats(1, 0), chain), -np.log([3 / 8, 5 / 8]), rtol=1e-6)
    # One link is plain cross-entropy.
    one = joint_cross_entropy(_floats(1, 0), [_floats(2, 2)])
    np.testing.assert_allclose(one, binary_cross_entropy(_floats(1, 0), _floats(2, 2)), rtol=1e-6)


@pytest.mark.parametrize("length", [2, 3])
def test_product_agrees_with_float64_at_every_extreme(length: int) -> None:
    grid = np.stack([axis.ravel() for axis in np.meshgrid(*[_EXTREME] * length)])
    # In float64 the probability that anything is missing, term by term: nothing cancels there either.
    log_p = -_softplus(-grid).sum(axis=0)
    miss = np.array([-_softplus(grid[i]) - _softplus(-grid[:i]).sum(axis=0) for i in range(length)])
    log_miss = np.log(np.exp(miss).sum(axis=0))
    chain = [tf.Variable(z.astype("float32")) for z in grid]
    for label, expected in ((1.0, -log_p), (0.0, -log_miss)):
        with tf.GradientTape() as tape:
            values = joint_cross_entropy(tf.fill([grid.shape[1]], label), chain)
            total = tf.reduce_sum(values)
        np.testing.assert_allclose(values, expected, rtol=1e-5, atol=1e-6)
        for gradient in tape.gradient(total, chain):
            assert np.all(np.isfinite(gradient)) and np.abs(gradient).max() <= 1.00001


def test_a_sure_product_that_does_not_happen_is_still_unlearned() -> None:
    click, order = tf.Variable([40.0]), tf.Variable([40.0])
    with tf.GradientTape() as tape:
        value = joint_cross_entropy(_floats(0), [order, click])
    # Either may have been the one that did not happen.
    np.testing.assert_allclose(value, [40 - np.log(2)], rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(value, [click, order]), [[0.5], [0.5]], rtol=1e-4)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-8, 8, width=32), min_size=1, max_size=4), st.booleans())
def test_product_of_any_chain(logits: list[float], happened: bool) -> None:
    p = np.prod(1 / (1 + np.exp(-np.array(logits, np.float64))))
    value = joint_cross_entropy(_floats(happened), [_floats(z) for z in logits])
    np.testing.assert_allclose(value, [-np.log(p if happened else 1 - p)], rtol=1e-4, atol=1e-6)


LABELS = {"ctr": _floats(1, 1, 0, 0), "cvr": _floats(1, 0, 0, 0)}
LOGITS = {"ctr": _floats(0, 1, 2, 3), "cvr": _floats(-1, 4, -60, 60)}


def test_a_given_task_counts_the_rows_of_its_space_alone() -> None:
    losses = _losses({"ctr": CTR, "cvr": CVR}, LABELS, LOGITS)
    assert losses["ctr"] == pytest.approx((_softplus([0, -1, 2, 3])).sum() / 4, rel=1e-6)
    assert losses["cvr"] == pytest.approx((_softplus([1, 4])).sum() / 2, rel=1e-6)


def test_a_given_task_needs_no_head_of_the_one_it_is_given() -> None:
    losses = _losses({"cvr": CVR, "ctr": CTR}, LABELS, {"cvr": LOGITS["cvr"]})
    assert losses == {"cvr": pytest.approx((_softplus([1, 4])).sum() / 2, rel=1e-6)}


def test_the_entire_space_counts_every_row() -> None:
    losses = _losses({"ctr": CTR, "cvr": ESMM}, LABELS, LOGITS)
    logits = np.array([[0, 1, 2, 3], [-1, 4, -60, 60]], np.float64)
    p = np.prod(1 / (1 + np.exp(-logits)), axis=0)
    expected = -(np.log(p[0]) + np.log1p(-p[1:]).sum()) / 4
    assert losses["cvr"] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("cvr", [CVR, ESMM])
def test_weights_are_those_of_a_weighted_mean(cvr: Task) -> None:
    tasks = {"ctr": CTR, "cvr": cvr}
    twice = [0, 0, 1, 3, 3, 3]
    repeated = _losses(
        tasks,
        {name: tf.gather(value, twice) for name, value in LABELS.items()},
        {name: tf.gather(value, twice) for name, value in LOGITS.items()},
    )
    assert _losses(tasks, LABELS, LOGITS, _floats(2, 1, 0, 3)) == pytest.approx(repeated, rel=1e-6)
    assert _losses(tasks, LABELS, LOGITS, _floats(0.2, 0.1, 0, 0.3)) == pytest.approx(repeated, rel=1e-6)


@pytest.mark.parametrize("weights", [None, _floats(0, 0)])
def test_a_batch_without_a_row_of_the_space_contributes_nothing(weights: Any) -> None:
    logits = tf.Variable([[0.5, 60.0], [-2, 60]])
    labels = {"ctr": _floats(0, 0), "cvr": _floats(0, 0)}
    with tf.GradientTape(persistent=True) as tape:
        losses = task_losses({"ctr": CTR, "cvr": CVR}, labels, {"ctr": logits[0], "cvr": logits[1]}, weights)
    assert float(losses["cvr"]) == 0
    np.testing.assert_array_equal(tape.gradient(losses["cvr"], logits), np.zeros((2, 2)))
    assert np.all(np.isfinite(tape.gradient(losses["ctr"], logits)))


def test_chain_of_three() -> None:
    tasks = {
        "buy": Task(label="buy", conditioned_on="cart"),
        "cart": Task(label="cart", conditioned_on="click"),
        "click": Task(label="click"),
    }
    labels = {"click": _floats(1, 1, 1, 0), "cart": _floats(1, 1, 0, 1), "buy": _floats(1, 0, 1, 1)}
    logits = {name: _floats(0, 0, 0, 0) for name in tasks} | {"buy": _floats(1, 1, 50, 50)}
    losses = _losses(tasks, labels, logits)
    # Only the first two rows went as far as the cart: the labels of the others no longer count.
    assert losses["buy"] == pytest.approx((_softplus(-1.0) + _softplus(1.0)) / 2, rel=1e-6)
    assert losses["cart"] == pytest.approx(np.log(2), rel=1e-6)

    entire = tasks | {"buy": Task(label="buy", conditioned_on="cart", space="entire")}
    p = np.array([1 / (1 + np.exp(-z)) for z in (1, 1, 50, 50)]) / 4
    expected = -(np.log(p[0]) + np.log(1 - p[1:]).sum()) / 4
    assert _losses(entire, labels, logits)["buy"] == pytest.approx(expected, rel=1e-5)


def test_a_row_whose_label_is_not_known_counts_for_no_task_that_needs_it() -> None:
    nan = float("nan")
    labels = {"ctr": _floats(1, 0, nan, 1), "cvr": _floats(nan, nan, 1, 1)}
    logits = tf.Variable([[0.0, 1, 2, 3], [-1, 4, 1, 2]])
    with tf.GradientTape(persistent=True) as tape:
        rows = {"ctr": logits[0], "cvr": logits[1]}
        conditional = task_losses({"ctr": CTR, "cvr": CVR}, labels, rows)
        entire = task_losses({"ctr": CTR, "cvr": ESMM}, labels, rows)
    assert float(conditional["ctr"]) == pytest.approx((_softplus([0, 1, -3])).sum() / 3, rel=1e-6)
    # Of the third row nobody knows whether the click came; of the first, whether the order did.
    assert float(conditional["cvr"]) == pytest.approx(_softplus(-2), rel=1e-6)
    # A click that did not come decides the product.
    sigmoid = 1 / (1 + np.exp(-logits.numpy().astype(np.float64)))
    wanted = -np.log([1 - sigmoid[0, 1] * sigmoid[1, 1], sigmoid[0, 3] * sigmoid[1, 3]]).mean()
    assert float(entire["cvr"]) == pytest.approx(wanted, rel=1e-5)
    for losses, used in ((conditional, [3]), (entire, [1, 3])):
        gradient = tape.gradient(losses["cvr"], logits).numpy()
        assert np.all(np.isfinite(gradient))
        assert set(np.flatnonzero(gradient[1])) == set(used)


def test_each_task_may_weigh_the_rows_in_its_own_way() -> None:
    weights = {"cvr": _floats(1, 2, 3, 4)}
    found = _losses({"ctr": CTR, "cvr": CVR}, LABELS, LOGITS, weights)
    plain = _losses({"ctr": CTR, "cvr": CVR}, LABELS, LOGITS)
    weighed = _losses({"ctr": CTR, "cvr": CVR}, LABELS, LOGITS, weights["cvr"])
    assert found == pytest.approx({"ctr": plain["ctr"], "cvr": weighed["cvr"]}, rel=1e-6)
    assert weighed["ctr"] != pytest.approx(plain["ctr"])
