"""A mixture of experts with one gate for each task."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tfelc.ranker.architectures.expert_settings import ExpertSettings


class MMoE(ExpertSettings):
    """All tasks share the experts, and each mixes them by a gate of its own (MMoE, Ma et al. 2018).

    Attributes:
        num_experts: Number of experts, which all tasks share.

    Example:
        >>> MMoE(num_experts=2, units=(8, 4)).create_layer(num_tasks=3, dtype="float32").num_experts
        2
    """

    name: Literal["mmoe"] = "mmoe"
    num_experts: int = Field(4, ge=1)

    def create_layer(self, num_tasks: int, dtype: Any) -> Any:
        """The Keras layer; see `MultiTaskArchitecture`."""
        from tfelc.layers.multi_gate_experts import MultiGateExperts

        return MultiGateExperts(
            num_tasks, self.num_experts, self.units, dropout=self.dropout, dtype=dtype, name="experts"
        )

    @property
    def has_choice(self) -> bool:
        """Whether there are several experts."""
        return self.num_experts > 1

    @property
    def takes_scales(self) -> bool:
        """The units of its experts."""
        return True
