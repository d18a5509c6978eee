"""What a run may change of a schema's task."""

from __future__ import annotations

from pydantic import Field

from tfelc.core.settings import Settings
from tfelc.schema.task import Space


class TaskSettings(Settings):
    """Settings of one task that differ from the schema's, to compare them without a change of the data.

    Attributes:
        weight: Weight of the task's loss. Defaults to the schema's.
        space: Where a task that is conditioned on another one is trained. Defaults to the schema's.
    """

    weight: float | None = Field(None, gt=0)
    space: Space | None = None
