"""The settings of each loss balance (section A.9), which create it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

from pydantic import Field

from tfelc.core.part_settings import PartSettings
from tfelc.core.registry import Registry

TASK_BALANCES: Registry[type[TaskBalanceSettings]] = Registry(
    "loss balance",
    {
        "fixed": f"{__name__}:FixedWeightsSettings",
        "uncertainty": f"{__name__}:UncertaintyWeightingSettings",
        "dynamic": f"{__name__}:DynamicWeightAveragingSettings",
        "gradnorm": f"{__name__}:GradNormSettings",
        "pcgrad": f"{__name__}:PCGradSettings",
    },
)


class TaskBalanceSettings(PartSettings):
    """How the losses of several tasks are weighed against each other."""

    registry: ClassVar[Registry[Any]] = TASK_BALANCES
    default_name: ClassVar[str] = "fixed"

    @abstractmethod
    def create(self, tasks: Sequence[str], weights: Mapping[str, float], seed: int) -> Any:
        """The `TaskBalance`.

        Args:
            tasks: Sequence of str. The tasks, in the order of the state.
            weights: Mapping of task to float. Their base weights; a task that is absent weighs 1.
            seed: int. Seed of whatever is random in it.
        """


class FixedWeightsSettings(TaskBalanceSettings):
    """The schema's weights throughout."""

    name: Literal["fixed"] = "fixed"

    def create(self, tasks: Sequence[str], weights: Mapping[str, float], seed: int) -> Any:
        """The `FixedWeights`."""
        from tfelc.losses.task_balance.fixed_weights import FixedWeights

        return FixedWeights(tasks, weights)


class UncertaintyWeightingSettings(TaskBalanceSettings):
    """Weights learned as the tasks' uncertainties."""

    name: Literal["uncertainty"] = "uncertainty"

    def create(self, tasks: Sequence[str], weights: Mapping[str, float], seed: int) -> Any:
        """The `UncertaintyWeighting`."""
        from tfelc.losses.task_balance.uncertainty_weighting import UncertaintyWeighting

        return UncertaintyWeighting(tasks, weights)


class DynamicWeightAveragingSettings(TaskBalanceSettings):
    """Weights by the pace at which the losses fall.

    Attributes:
        temperature: The higher, the more even the weights.
    """

    name: Literal["dynamic"] = "dynamic"
    temperature: float = Field(2.0, gt=0)

    def create(self, tasks: Sequence[str], weights: Mapping[str, float], seed: int) -> Any:
        """The `DynamicWeightAveraging`."""
        from tfelc.losses.task_balance.dynamic_weight_averaging import DynamicWeightAveraging

        return DynamicWeightAveraging(tasks, weights, temperature=self.temperature)


class GradNormSettings(TaskBalanceSettings):
    """Weights that keep the tasks' gradients at a common size.

    Attributes:
        asymmetry: How hard a slow task is pushed; 0 wants equal gradients.
        learning_rate: Learning rate of the weights.
    """

    name: Literal["gradnorm"] = "gradnorm"
    asymmetry: float = Field(1.5, ge=0)
    learning_rate: float = Field(0.025, gt=0)

    def create(self, tasks: Sequence[str], weights: Mapping[str, float], seed: int) -> Any:
        """The `GradNorm`."""
        from tfelc.losses.task_balance.grad_norm import GradNorm

        return GradNorm(tasks, weights, asymmetry=self.asymmetry, learning_rate=self.learning_rate)


class PCGradSettings(TaskBalanceSettings):
    """Gradients that contradict each other are projected."""

    name: Literal["pcgrad"] = "pcgrad"

    def create(self, tasks: Sequence[str], weights: Mapping[str, float], seed: int) -> Any:
        """The `PCGrad`."""
        from tfelc.losses.task_balance.pc_grad import PCGrad

        return PCGrad(tasks, weights, seed=seed)
