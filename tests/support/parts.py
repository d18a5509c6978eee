"""Losses over the parts of a batch, as several workers compute them, in one process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfelc.core.batch_parts import BatchParts, batch_split


def over_parts(compute: Callable[[int], Any], count: int) -> list[Any]:
    """What each worker computes, the means that they exchange being those of all.

    Each computes twice: what it gives to be averaged is noted first, and the means are handed out then.

    Args:
        compute: Number of a part -> anything, the same operations for each.
        count: Parts.
    """
    given: list[list[list[Any]]] = [[] for _ in range(count)]
    for part in range(count):

        def note(tensors: Sequence[Any], part: int = part) -> list[Any]:
            given[part].append([np.asarray(tf.stop_gradient(each)) for each in tensors])
            return list(tensors)

        # What depends on an earlier mean is only right in a later round.
        with batch_split(BatchParts(count, part, note)):
            compute(part)
    means = [
        [tf.constant(np.mean(values, axis=0)) for values in zip(*each, strict=True)]
        for each in zip(*given, strict=True)
    ]
    found = []
    for part in range(count):
        left = iter(means)
        with batch_split(BatchParts(count, part, lambda tensors, left=left: next(left))):  # type: ignore[misc]
            found.append(compute(part))
    return found


def loss_and_gradients(loss: Callable[[], Any], variables: Sequence[Any]) -> list[Any]:
    """A loss, and its gradients in dense form."""
    with tf.GradientTape() as tape:
        tape.watch(variables)
        value = loss()
    return [
        value,
        *(
            tf.convert_to_tensor(each)
            for each in tape.gradient(value, variables, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        ),
    ]


def check_mean_of_parts(loss: Callable[[slice], Any], variables: Sequence[Any], rows: int, count: int = 2) -> None:
    """Asserts that loss and gradients of a whole batch are the means of those of its parts.

    Args:
        loss: Rows of the batch -> the loss over them.
        variables: Tensors that it is differentiated by.
        rows: Rows of the batch, a multiple of `count`.
        count: Parts. Defaults to 2.
    """
    whole = loss_and_gradients(lambda: loss(slice(0, rows)), variables)
    size = rows // count
    parts = over_parts(
        lambda part: loss_and_gradients(lambda: loss(slice(part * size, (part + 1) * size)), variables), count
    )
    for place, expected in enumerate(whole):
        np.testing.assert_allclose(np.mean([part[place] for part in parts], axis=0), expected, rtol=2e-5, atol=1e-6)
