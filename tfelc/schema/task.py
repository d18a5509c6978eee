"""A task of a schema: one head of the ranker."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from tfelc.schema.schema_part import SchemaPart

# Where a task that is conditioned on another one is trained.
Space = Literal["conditional", "entire"]

# The served outputs beside the tasks' own.
CLUSTER_OUTPUTS = ("cluster", "cluster_share")


class Task(SchemaPart):
    """One head of the model.

    Attributes:
        label: Column with the 0/1 outcome.
        conditioned_on: Task whose outcome this one needs first, as a conversion needs a click. Defaults to none.
        space: Where a task with `conditioned_on` is trained: `conditional`, on the rows where that outcome is 1, or
            `entire`, over all rows through the product of the probabilities (ESMM). Defaults to `conditional`.
        joint: Name of the product's output, P(this one and that one). Defaults to `<conditioned_on>_<task>`.
        weight: Weight of the task's loss. Defaults to 1.
    """

    label: str
    conditioned_on: str | None = None
    space: Space = "conditional"
    joint: str | None = None
    weight: float = Field(1.0, gt=0)

    @model_validator(mode="after")
    def _needs_a_condition(self) -> Self:
        if self.conditioned_on is None and (self.joint or self.space == "entire"):
            raise ValueError("`joint` and `space: entire` need `conditioned_on`")
        return self
