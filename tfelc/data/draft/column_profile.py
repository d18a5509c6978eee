"""What the sampled values of a column say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_SKEWED = 20.0
_WORDS = 40


@dataclass(frozen=True)
class ColumnProfile:
    """A column of a sample.

    Attributes:
        values: Its values; those of a dictionary written out.
        nulls: How many are missing, NaN among them.
        distinct: How many different ones there are; of a list, of its values.
    """

    values: pa.ChunkedArray
    nulls: int
    distinct: int

    @classmethod
    def of(cls, column: pa.ChunkedArray) -> ColumnProfile:
        """Looks at a column."""
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        flat = pc.list_flatten(column) if _is_list(column.type) else column
        nested = pa.types.is_nested(flat.type) or pa.types.is_null(flat.type)
        nan = pa.types.is_floating(column.type)
        nulls = pc.sum(pc.is_null(column, nan_is_null=nan)).as_py()
        return cls(column, nulls, 0 if nested else pc.count_distinct(flat).as_py())

    @property
    def is_empty(self) -> bool:
        """Whether it holds no value."""
        if self.is_list:
            return not pc.max(pc.list_value_length(self.values)).as_py()
        return self.nulls == len(self.values)

    @property
    def is_constant(self) -> bool:
        """Whether it holds one value in every row."""
        return not self.is_list and not self.nulls and self.distinct == 1

    @property
    def is_list(self) -> bool:
        """Whether it holds lists."""
        return _is_list(self.values.type)

    @property
    def leaf(self) -> pa.DataType:
        """The type of its values, or of those in its lists."""
        return self.values.type.value_type if self.is_list else self.values.type

    @property
    def is_whole(self) -> bool:
        """Whether it holds integers."""
        return pa.types.is_integer(self.leaf)

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers, or true and false."""
        return self.is_whole or pa.types.is_floating(self.leaf) or pa.types.is_boolean(self.leaf)

    @property
    def is_text(self) -> bool:
        """Whether it holds words."""
        return pa.types.is_string(self.leaf) or pa.types.is_large_string(self.leaf)

    @property
    def is_prose(self) -> bool:
        """Whether it holds texts that are nearly all different and long."""
        if not self.is_text or self.is_list or self.distinct < len(self.values) // 2:
            return False
        return bool(pc.mean(pc.utf8_length(self.values)).as_py() > _WORDS)

    @property
    def is_outcome(self) -> bool:
        """Whether it holds 0 and 1, or true and false, and nothing else."""
        if self.is_list or not self.is_number or self.nulls:
            return False
        numbers = self.numbers()
        return bool(np.isin(numbers, (0, 1)).all())

    @property
    def is_skewed(self) -> bool:
        """Whether its largest numbers are far from the middle, and none is below zero."""
        numbers = self.numbers()
        numbers = numbers[np.isfinite(numbers)]
        if not len(numbers) or numbers.min() < 0:
            return False
        positive = numbers[numbers > 0]
        return bool(len(positive) and np.quantile(numbers, 0.99) > _SKEWED * np.median(positive))

    def numbers(self) -> NDArray[Any]:
        """Its values as floats, NaN where one is missing."""
        return np.asarray(self.values.cast(pa.float64(), safe=False).to_numpy(), np.float64)

    def codes(self) -> NDArray[np.int64]:
        """A number for each value, equal ones alike."""
        import pandas as pd

        return pd.factorize(self.values.to_pandas(), use_na_sentinel=False)[0].astype(np.int64)


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_large_list(kind)
