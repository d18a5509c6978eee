"""What the training labels of a quantity are like, by which a head is brought to the size of 1."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ValueScale(BaseModel):
    """Where the labels of a task lie, and how far apart; a head says of which values of theirs.

    Attributes:
        center: A middle of theirs.
        spread: A size of theirs, above 0.

    Example:
        >>> ValueScale(center=30, spread=12.5).spread
        12.5
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    center: float = 0.0
    spread: float = Field(1.0, gt=0)
