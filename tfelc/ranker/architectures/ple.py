"""Progressive layered extraction."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tfelc.ranker.architectures.expert_settings import ExpertSettings


class PLE(ExpertSettings):
    """Beside the shared experts each task has some of its own, in one or more levels (PLE, Tang et al. 2020).

    Attributes:
        num_shared_experts: Number of experts that all tasks share.
        num_task_experts: Number of experts that each task has for itself.
        num_levels: Number of extraction levels.

    Example:
        >>> PLE(units=(8, 4)).create_layer(num_tasks=3, dtype="float32").num_experts
        10
    """

    name: Literal["ple"] = "ple"
    num_shared_experts: int = Field(4, ge=1)
    num_task_experts: int = Field(2, ge=1)
    num_levels: int = Field(1, ge=1)

    def create_layer(self, num_tasks: int, dtype: Any) -> Any:
        """The Keras layer; see `MultiTaskArchitecture`."""
        from tfelc.layers.multi_gate_experts import MultiGateExperts

        return MultiGateExperts(
            num_tasks,
            self.num_shared_experts,
            self.units,
            num_task_experts=self.num_task_experts,
            num_levels=self.num_levels,
            dropout=self.dropout,
            dtype=dtype,
            name="experts",
        )

    @property
    def takes_scales(self) -> bool:
        """The units of its experts."""
        return True
