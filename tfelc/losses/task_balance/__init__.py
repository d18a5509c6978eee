"""How the losses of several tasks are weighed against each other (section A.9): one strategy a file."""

from collections.abc import Mapping, Sequence

from tfelc.losses.task_balance.dynamic_weight_averaging import DynamicWeightAveraging
from tfelc.losses.task_balance.fixed_weights import FixedWeights
from tfelc.losses.task_balance.grad_norm import GradNorm
from tfelc.losses.task_balance.pc_grad import PCGrad
from tfelc.losses.task_balance.task_balance import TaskBalance
from tfelc.losses.task_balance.uncertainty_weighting import UncertaintyWeighting
from tfelc.ranker.settings import BalanceConfig

__all__ = [
    "DynamicWeightAveraging",
    "FixedWeights",
    "GradNorm",
    "PCGrad",
    "TaskBalance",
    "UncertaintyWeighting",
    "make_task_balance",
]


def make_task_balance(
    config: BalanceConfig, tasks: Sequence[str], weights: Mapping[str, float], seed: int = 0
) -> TaskBalance:
    """Builds the strategy that the settings name.

    Args:
        config: BalanceConfig. The strategy and its settings.
        tasks: Sequence of str. The tasks, in the order of the state.
        weights: Mapping of task to float. Their base weights; a task that is absent weighs 1.
        seed: int. Of the order in which PCGrad visits the tasks. Defaults to 0.
    """
    match config.strategy:
        case "fixed":
            return FixedWeights(tasks, weights)
        case "uncertainty":
            return UncertaintyWeighting(tasks, weights)
        case "dynamic":
            return DynamicWeightAveraging(tasks, weights, temperature=config.temperature)
        case "gradnorm":
            return GradNorm(tasks, weights, asymmetry=config.asymmetry, learning_rate=config.learning_rate)
        case "pcgrad":
            return PCGrad(tasks, weights, seed=seed)
