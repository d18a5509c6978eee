"""Loss weights from how fast each task's loss falls."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from tfelc.losses.task_balance.task_balance import TaskBalance, Tensor


@keras.saving.register_keras_serializable(package="tfelc")
class DynamicWeightAveraging(TaskBalance):
    """Gives more weight to the tasks whose loss fell least over the last two epochs.

    `lambda_k(t) = K exp(r_k(t-1) / T) / sum_i exp(r_i(t-1) / T)` with `r_k(t-1) = L_k(t-1) / L_k(t-2)`, the mean losses
    of two epochs, and `L = sum_k w_k lambda_k L_k`. All `lambda` are 1 until two epochs have ended.

    Args:
        tasks: Sequence of str. The K tasks.
        base_weights: Mapping of task to float. The weights `w`. Defaults to None: all 1.
        temperature: float. `T`; the larger, the more equal the weights. Defaults to 2.
        **kwargs: Arguments of `keras.layers.Layer`.

    Raises:
        ValueError: The temperature is not positive; or as `TaskBalance`.

    Example:
        >>> balance = DynamicWeightAveraging(["ctr", "cvr"], temperature=1.0)
        >>> for losses in ({"ctr": 0.4, "cvr": 0.8}, {"ctr": 0.2, "cvr": 0.8}):  # the loss of ctr falls by half
        ...     balance.update(losses)
        ...     balance.end_epoch()
        >>> balance.task_weights.numpy().round(4)
        array([0.7551, 1.2449], dtype=float32)

    Source: Liu, Johns and Davison, "End-to-End Multi-Task Learning with Attention", CVPR 2019, Eq. 7.
    """

    def __init__(
        self,
        tasks: Sequence[str],
        base_weights: Mapping[str, float] | None = None,
        temperature: float = 2.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(tasks, base_weights, **kwargs)
        if temperature <= 0:
            raise ValueError(f"`temperature` must be positive. Received: {temperature}")
        self.temperature = temperature
        self.task_weights = self._state("task_weights", (len(self.tasks),), "ones")
        self.loss_sums = self._state("loss_sums", (len(self.tasks),))
        self.steps = self._state("steps", ())
        # Mean losses of the last epoch and of the one before it; 0 stands for an epoch that has not been.
        self.last_means = self._state("last_means", (len(self.tasks),))
        self.earlier_means = self._state("earlier_means", (len(self.tasks),))

    def _state(self, name: str, shape: tuple[int, ...], initializer: str = "zeros") -> Any:
        return self.add_weight(shape=shape, initializer=initializer, dtype="float32", trainable=False, name=name)

    def weighted(self, losses: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The losses under this epoch's weights."""
        raw = super().weighted(losses)
        return {task: self.task_weights[k] * raw[task] for k, task in enumerate(self.tasks)}

    def update(self, losses: Mapping[str, Tensor]) -> None:
        """Adds one step's losses to the epoch's mean."""
        self.loss_sums.assign_add(self._stacked(losses))
        self.steps.assign_add(1.0)

    def end_epoch(self) -> None:
        """Sets the weights of the next epoch."""
        self.earlier_means.assign(self.last_means)
        self.last_means.assign(self.loss_sums / ops.maximum(self.steps, 1.0))
        self.loss_sums.assign(ops.zeros_like(self.loss_sums))
        self.steps.assign(0.0)
        earlier = ops.convert_to_tensor(self.earlier_means)
        fall = ops.where(earlier > 0, ops.divide_no_nan(self.last_means, earlier), 1.0)
        self.task_weights.assign(len(self.tasks) * ops.softmax(fall / self.temperature))

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "temperature": self.temperature}
