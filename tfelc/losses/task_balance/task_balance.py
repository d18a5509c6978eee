"""What every strategy of loss balancing shares."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

Tensor = Any

BALANCE = "balance"


class TaskBalance(keras.layers.Layer):
    """Weighs the losses of several tasks, and turns them into gradients.

    A training step computes the raw losses under a gradient tape, closes the tape's block, and calls `gradients`. A
    subclass changes the weights (`weighted`), the gradients, or both. What a strategy learns or remembers lies in its
    variables, so a checkpoint of `variables` continues it exactly. `weighted` and `gradients` work inside a
    `tf.function`; `end_epoch` is called from Python, after the last step of an epoch.

    Args:
        tasks: Sequence of str. The tasks, in the order of the state.
        base_weights: Mapping of task to float. Static weights; a task that is absent weighs 1. Defaults to None: all 1.
        **kwargs: Arguments of `keras.layers.Layer`.

    Raises:
        ValueError: `tasks` is empty, repeats itself or holds the reserved name `balance`; or a base weight is not
            positive or belongs to no task.

    Example:
        >>> class Halved(TaskBalance):
        ...     def weighted(self, losses):
        ...         return {task: 0.5 * loss for task, loss in super().weighted(losses).items()}
        >>> float(Halved(["ctr"]).weighted({"ctr": 1.0})["ctr"])
        0.5
    """

    def __init__(self, tasks: Sequence[str], base_weights: Mapping[str, float] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        base_weights = dict(base_weights or {})
        if not tasks or len(set(tasks)) < len(tasks) or BALANCE in tasks:
            raise ValueError(f"`tasks` must be different names, none of them `{BALANCE}`. Received: {list(tasks)}")
        if foreign := sorted(set(base_weights) - set(tasks)):
            raise ValueError(f"`base_weights` names `{foreign[0]}`, which is none of the tasks {list(tasks)}")
        if any(weight <= 0 for weight in base_weights.values()):
            raise ValueError(f"`base_weights` must be positive. Received: {base_weights}")
        self.tasks = tuple(tasks)
        self.base_weights = {task: float(base_weights.get(task, 1.0)) for task in tasks}

    def weighted(self, losses: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The terms whose sum is minimized.

        Args:
            losses: Mapping of task to a scalar. The raw losses.

        Returns:
            The weighted loss of each task by its name, and under `balance` the strategy's own term where it has one.
        """
        return {task: self.base_weights[task] * ops.cast(losses[task], "float32") for task in self.tasks}

    def update(self, losses: Mapping[str, Tensor]) -> None:
        """Takes note of one step's raw losses; `gradients` calls it once per step. Does nothing here."""

    def gradients(
        self,
        tape: Any,
        losses: Mapping[str, Tensor],
        auxiliary: Tensor,
        variables: Sequence[Any],
        shared: Sequence[Any],
    ) -> list[Any]:
        """The gradients of one step: here those of the weighted terms' sum and of `auxiliary`.

        Sparse gradients of embedding tables (`tf.IndexedSlices`) stay sparse.

        Args:
            tape: tf.GradientTape. It recorded the losses and its block has ended. `GradNorm` and `PCGrad` need a
                persistent one.
            losses: Mapping of task to a scalar. The raw losses.
            auxiliary: Scalar. All other terms (clustering, regularization), already weighted.
            variables: Sequence of variables that the optimizer moves, this layer's `trainable_variables` among them.
            shared: Sequence of those dense variables that several tasks use, such as the experts', in the order of the
                forward pass. `GradNorm` measures there and `PCGrad` projects there; the others ignore it.

        Returns:
            One gradient for each of `variables`, None where nothing reaches it.
        """
        self.update(losses)
        with tape:
            total = self._total(losses, auxiliary)
        gradients: list[Any] = tape.gradient(total, list(variables))
        return gradients

    def end_epoch(self) -> None:
        """Takes note that an epoch has ended. Does nothing here."""

    def _total(self, losses: Mapping[str, Tensor], auxiliary: Tensor) -> Tensor:
        return sum(self.weighted(losses).values()) + ops.cast(auxiliary, "float32")

    def _stacked(self, losses: Mapping[str, Tensor]) -> Tensor:
        return ops.stack([ops.cast(losses[task], "float32") for task in self.tasks])

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "tasks": list(self.tasks), "base_weights": dict(self.base_weights)}
