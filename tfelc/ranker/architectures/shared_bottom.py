"""One network that all tasks share."""

from __future__ import annotations

from typing import Any, Literal

from tfelc.ranker.architectures.expert_settings import ExpertSettings


class SharedBottom(ExpertSettings):
    """All tasks' towers stand on one network, so that there is nothing for a gate to choose (Caruana, 1997).

    Example:
        >>> SharedBottom(units=(8, 4)).create_layer(num_tasks=3, dtype="float32").num_experts
        1
    """

    name: Literal["shared_bottom"] = "shared_bottom"

    def create_layer(self, num_tasks: int, dtype: Any) -> Any:
        """The Keras layer; see `MultiTaskArchitecture`."""
        from tfelc.layers.multi_gate_experts import MultiGateExperts

        return MultiGateExperts(num_tasks, 1, self.units, dropout=self.dropout, dtype=dtype, name="experts")

    @property
    def has_choice(self) -> bool:
        """There is one expert."""
        return False

    @property
    def takes_scales(self) -> bool:
        """The units of its experts."""
        return True
