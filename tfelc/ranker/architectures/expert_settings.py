"""The settings that all architectures of experts have."""

from __future__ import annotations

from pydantic import Field, PositiveInt

from tfelc.ranker.architectures.multi_task_architecture import MultiTaskArchitecture


class ExpertSettings(MultiTaskArchitecture):
    """Experts of one shape.

    Attributes:
        units: Widths of the layers of each expert.
        dropout: Dropout after every layer of an expert.
    """

    units: tuple[PositiveInt, ...] = Field((128, 64), min_length=1)
    dropout: float = Field(0.0, ge=0, lt=1)

    @property
    def output_units(self) -> int:
        """Width of each task's mixture."""
        return self.units[-1]
