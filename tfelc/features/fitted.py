"""What the features learned from the training split: vocabularies, bucket boundaries, means and variances."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from tfelc.core.errors import RunError
from tfelc.losses.task_heads.value_scale import ValueScale
from tfelc.schema.schema import Schema


class NumberStatistics(BaseModel):
    """Statistics of one number, after its transform; missing values are left out.

    Attributes:
        mean: Mean of the transformed values.
        variance: Their variance; 1 where they are all equal.
        missing: Whether the training split has a missing value: the model then also sees a missing flag.
        boundaries: Inner boundaries of the buckets on the raw scale, empty without `buckets`.
        edges: All edges of the bins after the transform, empty without bins.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mean: float
    variance: float
    missing: bool
    boundaries: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()


class FittedFeatures(BaseModel):
    """All that is fitted on the training split, and nothing else is.

    Attributes:
        vocabularies: Table -> its values, the most frequent first. Tables that hash have none.
        numbers: Number column -> its statistics.
        values: Task that predicts a quantity -> what its training labels are like.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    vocabularies: dict[str, list[str] | list[int]]
    numbers: dict[str, NumberStatistics]
    values: dict[str, ValueScale] = {}

    def table_rows(self, schema: Schema) -> dict[str, int]:
        """Rows of every embedding table, in the schema's order; row 0 is the missing value's, row 1 the unknown's."""
        rows: dict[str, int] = {}
        for name, column in schema.trained_on.items():
            table, spec = schema.table_of(name)
            if column.kind == "number":
                if column.buckets:
                    rows[table] = len(self.numbers[name].boundaries) + 2
            elif not column.is_embedded:
                continue
            elif spec.hash_buckets:
                rows[table] = spec.hash_buckets + 1
            else:
                rows[table] = len(self.vocabularies[table]) + 2
        return rows

    def dump(self) -> str:
        """Everything as JSON."""
        return self.model_dump_json()

    @classmethod
    def load(cls, path: Path) -> FittedFeatures:
        """Reads a file that holds what `dump` gave; raises RunError when the file is missing or damaged."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise RunError(f"{path}: missing; the run folder is incomplete, train again") from None
        except (OSError, ValidationError):
            raise RunError(f"{path}: damaged; the run folder cannot be used, train again") from None
