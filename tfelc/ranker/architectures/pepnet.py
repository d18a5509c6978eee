"""A network for each task, fitted to the user."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from tfelc.ranker.architectures.expert_settings import ExpertSettings


class PEPNet(ExpertSettings):
    """Each task has a network of its own, scaled throughout by what gates see (PEPNet, Chang et al. 2023).

    Attributes:
        hidden: Width of the layer inside each of the scales.

    Example:
        >>> PEPNet(units=(8, 4), hidden=16).create_layer(num_tasks=3, dtype="float32").hidden
        16
    """

    name: Literal["pepnet"] = "pepnet"
    hidden: int = Field(32, ge=1)

    def create_layer(self, num_tasks: int, dtype: Any) -> Any:
        """The Keras layer; see `MultiTaskArchitecture`."""
        from tfelc.layers.personalized_experts import PersonalizedExperts

        return PersonalizedExperts(num_tasks, self.units, self.hidden, self.dropout, dtype=dtype, name="experts")
