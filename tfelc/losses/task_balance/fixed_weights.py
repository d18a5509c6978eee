"""Loss weights that never change."""

import keras

from tfelc.losses.task_balance.task_balance import TaskBalance


@keras.saving.register_keras_serializable(package="tfelc")
class FixedWeights(TaskBalance):
    """The sum of the losses under their base weights: `L = sum_k w_k L_k`.

    Args:
        tasks: Sequence of str. The tasks.
        base_weights: Mapping of task to float. The weights `w`. Defaults to None: all 1.

    Example:
        >>> weighted = FixedWeights(["ctr", "cvr"], {"cvr": 0.5}).weighted({"ctr": 0.25, "cvr": 0.5})
        >>> {task: float(loss) for task, loss in weighted.items()}
        {'ctr': 0.25, 'cvr': 0.25}
    """
