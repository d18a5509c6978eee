"""Gradients of tasks that pull against each other, projected."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from tfelc.losses.task_balance.task_balance import TaskBalance, Tensor


@keras.saving.register_keras_serializable(package="tfelc")
class PCGrad(TaskBalance):
    """Takes out of each task's gradient what works against another task.

    With `g_k` the gradient of `w_k L_k` over all shared variables together: for each task k and every other task j in
    random order, where `g_k . g_j < 0`, `g_k -= (g_k . g_j / |g_j|^2) g_j` with the other's original gradient. The
    results are added up. Variables outside `shared`, embedding tables among them, get the plain sum.

    Args:
        tasks: Sequence of str. The tasks.
        base_weights: Mapping of task to float. The weights `w`. Defaults to None: all 1.
        seed: int. Seed of the random order, which matters from three tasks on. Defaults to 0.
        **kwargs: Arguments of `keras.layers.Layer`.

    Example:
        >>> import tensorflow as tf
        >>> balance, kernel = PCGrad(["ctr", "cvr"]), keras.Variable([0.0, 0.0])
        >>> with tf.GradientTape(persistent=True) as tape:  # gradients of (1, 0) and (-1, 1)
        ...     losses = {"ctr": kernel[0], "cvr": kernel[1] - kernel[0]}
        >>> balance.gradients(tape, losses, 0.0, [kernel.value], [kernel.value])[0].numpy().tolist()
        [0.5, 1.5]

    Source: Yu, Kumar, Gupta, Levine, Hausman and Finn, "Gradient Surgery for Multi-Task Learning", NeurIPS 2020,
    Algorithm 1.
    """

    def __init__(
        self, tasks: Sequence[str], base_weights: Mapping[str, float] | None = None, seed: int = 0, **kwargs: Any
    ) -> None:
        super().__init__(tasks, base_weights, **kwargs)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def gradients(
        self,
        tape: Any,
        losses: Mapping[str, Tensor],
        auxiliary: Tensor,
        variables: Sequence[Any],
        shared: Sequence[Any],
    ) -> list[Any]:
        """The plain gradients, with those of the shared variables corrected by what the projection takes away."""
        with tape:
            terms = self.weighted(losses)
            total = sum(terms.values()) + ops.cast(auxiliary, "float32")
        gradients: list[Any] = tape.gradient(total, list(variables))
        if not shared:
            return gradients
        original = ops.stack([_flat(tape.gradient(terms[task], list(shared)), shared) for task in self.tasks])
        correction = self._project(original) - ops.sum(original, axis=0)
        place = {id(variable): k for k, variable in enumerate(variables)}
        offset = 0
        for variable in shared:
            size = _size(variable)
            k = place[id(variable)]
            # Nothing is projected where no task reaches, and there the gradient stays None.
            if gradients[k] is not None:
                part = ops.reshape(correction[offset : offset + size], variable.shape)
                gradients[k] = gradients[k] + ops.cast(part, gradients[k].dtype)
            offset += size
        return gradients

    def _project(self, original: Tensor) -> Tensor:
        projected = []
        count = len(self.tasks)
        squares = ops.sum(original * original, axis=1)
        for k in range(count):
            order = keras.random.shuffle(ops.arange(count), seed=self.seed_generator)
            own = original[k]
            for i in range(count):
                j = order[i]
                other = ops.take(original, j, axis=0)
                product = ops.sum(own * other)
                against = ops.logical_and(ops.not_equal(j, k), product < 0)
                share = ops.where(against, ops.divide_no_nan(product, ops.take(squares, j)), 0.0)
                own = own - share * other
            projected.append(own)
        return sum(projected)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "seed": self.seed}


def _size(variable: Any) -> int:
    size = 1
    for length in variable.shape:
        size *= int(length)
    return size


def _flat(gradients: list[Any], variables: Sequence[Any]) -> Tensor:
    parts = [
        ops.zeros((_size(v),)) if g is None else ops.reshape(ops.cast(g, "float32"), (-1,))
        for g, v in zip(gradients, variables, strict=True)
    ]
    return ops.concatenate(parts)
