"""An outcome that comes some time after its row."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tfelc.schema.schema_part import SchemaPart

_MICROSECONDS_A_DAY = 86_400_000_000


class Delay(SchemaPart):
    """How long a task's outcome is waited for, and what becomes of rows that are younger.

    Attributes:
        event_time: Column of kind `event_time`: when the outcome came.
        window: Days from the time of the row, such as 7: an outcome that comes within them counts, a later one does
            not. A row is mature once so many days have passed.
        immature: What training does with rows that are not mature: `drop` leaves them out of the task; `weight` counts
            an outcome that has not come by how likely it is to come still, by the delays of mature rows (Chapelle,
            2014). Defaults to `drop`. Validation and test never see them.

    Example:
        >>> Delay(event_time="ordered_at", window=7).immature
        'drop'
    """

    event_time: str
    window: int = Field(ge=1)
    immature: Literal["drop", "weight"] = "drop"

    @property
    def microseconds(self) -> int:
        """The window."""
        return self.window * _MICROSECONDS_A_DAY

    def means_the_same(self, other: Delay) -> bool:
        """Whether another one makes the same outcomes of mature rows."""
        return (self.event_time, self.window) == (other.event_time, other.window)
