"""Tasks in a chain, each helping the next."""

from __future__ import annotations

from typing import Any, Literal

from tfelc.ranker.architectures.expert_settings import ExpertSettings


class AITM(ExpertSettings):
    """Each task has a network of its own, and hands on what it knows to the next in their order (AITM, Xi et al. 2021).

    Example:
        >>> len(AITM(units=(8, 4)).create_layer(num_tasks=3, dtype="float32").units)
        2
    """

    name: Literal["aitm"] = "aitm"

    def create_layer(self, num_tasks: int, dtype: Any) -> Any:
        """The Keras layer; see `MultiTaskArchitecture`."""
        from tfelc.layers.task_chain_experts import TaskChainExperts

        return TaskChainExperts(num_tasks, self.units, self.dropout, dtype=dtype, name="experts")

    @property
    def has_choice(self) -> bool:
        """What is mixed follows from what the tasks know, not from what gates see."""
        return False

    @property
    def takes_scales(self) -> bool:
        """The units of its experts."""
        return True

    @property
    def is_chain(self) -> bool:
        """A task hands on to the next."""
        return True
