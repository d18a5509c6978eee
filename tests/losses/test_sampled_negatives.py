"""A share of the negatives, and what the loss makes of it: by hand, and held against all rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from tfelc.losses.task_losses import task_losses
from tfelc.schema.task import Task

CTR = Task(label="click", negatives_kept=0.1)
NAN = float("nan")


def _floats(*values: float) -> Any:
    return tf.constant(values, tf.float32)


def _softplus(z: Any) -> Any:
    return np.logaddexp(0.0, np.asarray(z, np.float64))


def test_the_loss_is_of_logits_higher_by_the_logarithm_of_the_share() -> None:
    losses = task_losses({"ctr": CTR}, {"ctr": _floats(1, 0, NAN)}, {"ctr": _floats(-1.0, -2.0, 5.0)})
    seen = np.array([-1.0, -2.0]) + np.log(10)
    assert float(losses["ctr"]) == pytest.approx((_softplus(-seen[0]) + _softplus(seen[1])) / 2, rel=1e-6)


def test_another_task_counts_a_kept_negative_for_those_that_were_dropped() -> None:
    tasks = {"ctr": CTR, "hide": Task(label="hidden"), "why": Task(label="why", conditioned_on="hide")}
    labels = {"ctr": _floats(1, 0, NAN), "hide": _floats(0, 1, 1), "why": _floats(0, 1, 0)}
    logits = {"hide": _floats(0.5, -1, 2), "why": _floats(3, 0.3, -1)}
    losses = task_losses(tasks, labels, logits, {"hide": _floats(2, 1, 1)})
    assert float(losses["hide"]) == pytest.approx(np.average(_softplus([0.5, 1, -2]), weights=[2, 10, 1]), rel=1e-6)
    # Over the rows that were hidden; only the first of the two stands for ten.
    assert float(losses["why"]) == pytest.approx(np.average(_softplus([-0.3, -1]), weights=[10, 1]), rel=1e-6)


@pytest.mark.parametrize("space", ["conditional", "entire"])
def test_the_best_logits_over_a_share_are_those_of_all_rows(space: Any) -> None:
    """At what the whole log says, the gradient of each loss over the kept rows is 0."""
    # Of 1,000 rows 200 are clicked and 50 of these bought; 80 of 800 others are kept. Every tenth row was hidden.
    click = np.repeat([1.0, 1.0, 0.0], [50, 150, 80])
    order = np.repeat([1.0, 0.0, 0.0], [50, 150, 80])
    hidden = (np.arange(280) % 10 == 0).astype(float)
    cvr = Task(label="order", conditioned_on="ctr", space=space)
    tasks = {"ctr": CTR, "cvr": cvr, "hide": Task(label="hidden")}
    truth = {"ctr": 0.2, "cvr": 0.25, "hide": 0.1}
    logits = {name: tf.Variable(np.log(p / (1 - p)), dtype=tf.float32) for name, p in truth.items()}
    with tf.GradientTape() as tape:
        labels = {"ctr": _floats(*click), "cvr": _floats(*order), "hide": _floats(*hidden)}
        losses = task_losses(tasks, labels, {name: tf.fill([280], each) for name, each in logits.items()})
        total = tf.add_n(list(losses.values()))
    np.testing.assert_allclose(tape.gradient(total, list(logits.values())), [0, 0, 0], atol=1e-6)


def test_without_a_share_nothing_changes() -> None:
    tasks = {"ctr": Task(label="click"), "hide": Task(label="hidden")}
    labels, logits = {"ctr": _floats(1, 0), "hide": _floats(0, 1)}, {"ctr": _floats(-1, 2), "hide": _floats(0, 0)}
    assert float(task_losses(tasks, labels, logits)["ctr"]) == pytest.approx(_softplus([1, 2]).mean(), rel=1e-6)
