"""Loss weights that keep the tasks' gradients at a common size."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from tfelc.losses.task_balance.task_balance import TaskBalance, Tensor


@keras.saving.register_keras_serializable(package="tfelc")
class GradNorm(TaskBalance):
    """Learns loss weights so that each task's gradient has the size that its pace of training calls for.

    With `G_k = |grad_W (w_k L_k)|` on the last shared kernel `W`, their mean `G`, the loss ratios `l_k = L_k / L_k(0)`
    and the pace `r_k = l_k / mean(l)`, the weights descend `sum_k |G_k - G r_k^a|`, the target held constant, and are
    scaled to add up to the number of tasks.

    The step is taken on `log w_k` and counted in units of `G`: `log w_k -= eta sign(G_k - G r_k^a) G_k / G`. The
    minimum is the paper's; the weights stay positive, and `eta` means the same whatever the size of the losses.

    Args:
        tasks: Sequence of str. The tasks.
        base_weights: Mapping of task to float. The weights `w` before the first step, up to their common scale.
            Defaults to None: all 1.
        asymmetry: float. `a`; the larger, the harder a slow task is pushed. 0 wants equal gradients. Defaults to 1.5.
        learning_rate: float. `eta`, the learning rate of the weights. Defaults to 0.025.
        **kwargs: Arguments of `keras.layers.Layer`.

    Raises:
        ValueError: `asymmetry` is negative or `learning_rate` not positive; or as `TaskBalance`.

    Example:
        >>> import tensorflow as tf
        >>> balance, kernel = GradNorm(["ctr", "cvr"], learning_rate=0.1), keras.Variable([[1.0], [1.0]])
        >>> with tf.GradientTape(persistent=True) as tape:
        ...     losses = {"ctr": ops.sum(kernel**2), "cvr": ops.sum(0.1 * kernel**2)}
        >>> gradients = balance.gradients(tape, losses, 0.0, [kernel.value], [kernel.value])
        >>> balance.task_weights.numpy().round(3)  # the smaller gradient of cvr gains weight
        array([0.9, 1.1], dtype=float32)

    Source: Chen, Badrinarayanan, Lee and Rabinovich, "GradNorm: Gradient Normalization for Adaptive Loss Balancing in
    Deep Multitask Networks", ICML 2018, Eq. 1, Eq. 2 and Algorithm 1.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        base_weights: Mapping[str, float] | None = None,
        asymmetry: float = 1.5,
        learning_rate: float = 0.025,
        **kwargs: Any,
    ) -> None:
        super().__init__(tasks, base_weights, **kwargs)
        if asymmetry < 0 or learning_rate <= 0:
            raise ValueError(
                "`asymmetry` must be at least 0 and `learning_rate` positive. "
                f"Received: asymmetry={asymmetry}, learning_rate={learning_rate}"
            )
        self.asymmetry = asymmetry
        self.learning_rate = learning_rate
        scale = len(self.tasks) / sum(self.base_weights.values())
        first = [scale * self.base_weights[task] for task in self.tasks]
        self.task_weights = self.add_weight(
            shape=(len(self.tasks),),
            initializer=lambda shape, dtype: ops.convert_to_tensor(first, dtype),
            dtype="float32",
            trainable=False,
            name="task_weights",
        )
        # A batch without a row of a task has no loss there, so 0 stands for a first loss that is still to come.
        self.first_losses = self.add_weight(
            shape=(len(self.tasks),), initializer="zeros", dtype="float32", trainable=False, name="first_losses"
        )

    def weighted(self, losses: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The losses under the weights as they stand."""
        return {task: self.task_weights[k] * ops.cast(losses[task], "float32") for k, task in enumerate(self.tasks)}

    def gradients(
        self,
        tape: Any,
        losses: Mapping[str, Tensor],
        auxiliary: Tensor,
        variables: Sequence[Any],
        shared: Sequence[Any],
    ) -> list[Any]:
        """The gradients under the weights as they stand, and then one step of the weights.

        Raises:
            ValueError: `shared` holds no kernel (a variable of two dimensions or more).
        """
        kernels = [variable for variable in shared if len(variable.shape) >= 2]
        if not kernels:
            raise ValueError("GradNorm measures on the last shared kernel, and `shared` holds none")
        gradients = super().gradients(tape, losses, auxiliary, variables, shared)
        norms = ops.stack([_norm(tape.gradient(losses[task], kernels[-1])) for task in self.tasks])
        self._step(self._stacked(losses), norms)
        return gradients

    def _step(self, losses: Tensor, norms: Tensor) -> None:
        first = ops.convert_to_tensor(self.first_losses)
        first = ops.where(first > 0, first, losses)
        self.first_losses.assign(first)
        ratios = ops.where(first > 0, ops.divide_no_nan(losses, first), 1.0)
        pace = ops.divide_no_nan(ratios, ops.mean(ratios))
        weights = ops.convert_to_tensor(self.task_weights)
        sizes = weights * norms
        mean = ops.mean(sizes)
        slopes = ops.sign(sizes - mean * pace**self.asymmetry) * ops.divide_no_nan(sizes, mean)
        weights = weights * ops.exp(-self.learning_rate * slopes)
        self.task_weights.assign(weights * len(self.tasks) / ops.sum(weights))

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "asymmetry": self.asymmetry, "learning_rate": self.learning_rate}


def _norm(gradient: Tensor | None) -> Tensor:
    return ops.zeros(()) if gradient is None else ops.norm(ops.reshape(ops.cast(gradient, "float32"), (-1,)))
