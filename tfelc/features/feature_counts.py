"""How often, and when last, training has seen each value: what a later training goes on counting from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from tfelc.core.errors import RunError
from tfelc.features.fit import CountedRows
from tfelc.features.fitted import FittedFeatures
from tfelc.features.running_number import Moments


class ValueCounts(BaseModel):
    """The values of one table, those that wait for their admission among them.

    Attributes:
        values: The values.
        counts: How often each was seen; less where the counts of earlier days fade.
        seen: The day on which each was seen last.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    values: list[str] | list[int]
    counts: list[float]
    seen: list[int]

    @classmethod
    def of(cls, counts: Mapping[Any, float], seen: Mapping[Any, int]) -> ValueCounts:
        """Those of two mappings with the same values."""
        return cls(values=list(counts), counts=list(counts.values()), seen=[seen[value] for value in counts])


class FeatureCounts(BaseModel):
    """What was counted over all the days of a chain of trainings; each training is one day.

    Attributes:
        day: Number of the last day, from 1.
        tables: Table with a fitted vocabulary -> its values.
        numbers: Number column -> its moments.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: int
    tables: dict[str, ValueCounts]
    numbers: dict[str, Moments]

    @classmethod
    def first(cls, counted: CountedRows) -> FeatureCounts:
        """Those of the first day."""
        return cls(
            day=1,
            tables={name: ValueCounts.of(found, dict.fromkeys(found, 1)) for name, found in counted.values.items()},
            numbers={name: number.moments for name, number in counted.numbers.items()},
        )

    @classmethod
    def unknown(cls, fitted: FittedFeatures, min_count: Mapping[str, int]) -> FeatureCounts:
        """Those of a training that kept none: each value of a vocabulary counts as seen just often enough.

        Args:
            fitted: Its features.
            min_count: Table with a fitted vocabulary -> how often a value had to occur.
        """
        tables = {}
        for name, count in min_count.items():
            values: Any = fitted.vocabularies[name]
            tables[name] = ValueCounts(values=values, counts=[count] * len(values), seen=[1] * len(values))
        return cls(day=1, tables=tables, numbers={})

    def dump(self) -> str:
        """Everything as JSON."""
        return self.model_dump_json()

    @classmethod
    def load(cls, path: Path) -> FeatureCounts:
        """Reads a file that holds what `dump` gave; raises RunError when it is damaged."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            raise RunError(f"{path}: damaged; the run cannot be started from, train again") from None
