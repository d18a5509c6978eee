"""What is known of items beside who took them."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tfelc.next_item.data.attribute_kind import AttributeKind


@dataclass(frozen=True, eq=False)
class ItemAttributes:
    """Attributes of items, one row an item.

    Attributes:
        kinds: Attribute -> its kind.
        columns: Attribute -> values, `(items, ...)`: of a `category` texts, None where it is missing; of a `flag` truth
            values, False where it is missing; of a `number` float32, NaN where it is missing; of a `vector` float32
            rows, all NaN where it is missing.

    Example:
        >>> shoes = ItemAttributes({"kind": "category"}, {"kind": np.array(["boot", None, "clog"], object)})
        >>> shoes.codes("kind").tolist(), shoes.values("kind")
        ([1, 0, 2], ['boot', 'clog'])
    """

    kinds: Mapping[str, AttributeKind]
    columns: Mapping[str, NDArray[Any]]

    def named(self, *kinds: AttributeKind) -> list[str]:
        """The attributes of some kinds, in their order."""
        return [name for name, kind in self.kinds.items() if kind in kinds]

    def values(self, name: str) -> list[str]:
        """The values that some item has of a category, in alphabetical order."""
        return sorted({value for value in self.columns[name] if value is not None})

    def codes(self, name: str, values: Sequence[str] | None = None) -> NDArray[np.int32]:
        """The place of each item's category among values, from 1; 0 where it is missing or none of them, `(items,)`.

        Args:
            name: str. The category.
            values: Sequence of str. The values. Defaults to None: those that some item has.
        """
        places = {value: place for place, value in enumerate(self.values(name) if values is None else values, 1)}
        return np.array([places.get(value, 0) for value in self.columns[name]], np.int32)

    def take(self, rows: NDArray[np.int64]) -> Self:
        """The attributes of items at some places; -1 stands for an item of which nothing is known."""
        known = rows >= 0
        columns = {}
        for name, values in self.columns.items():
            missing: Any = {"category": None, "flag": False}.get(self.kinds[name], np.nan)
            taken = np.full((len(rows), *values.shape[1:]), missing, values.dtype)
            taken[known] = values[rows[known]]
            columns[name] = taken
        return type(self)(self.kinds, columns)

    def to_bytes(self) -> bytes:
        """The attributes as a Parquet file."""
        arrays = {
            name: pa.array(list(values) if values.ndim == 2 else values.tolist(), _TYPES[self.kinds[name]])
            for name, values in self.columns.items()
        }
        target = io.BytesIO()
        pq.write_table(pa.table(arrays), target)
        return target.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes, kinds: Mapping[str, AttributeKind]) -> Self:
        """Reads what `to_bytes` wrote."""
        table = pq.read_table(io.BytesIO(content))
        return cls(kinds, {name: _array(table[name], kind) for name, kind in kinds.items()})


_TYPES = {
    "category": pa.string(),
    "flag": pa.bool_(),
    "number": pa.float32(),
    "vector": pa.list_(pa.float32()),
}


def _array(column: pa.ChunkedArray, kind: AttributeKind) -> NDArray[Any]:
    if kind == "vector":
        return np.array(column.to_pylist(), np.float32)
    if kind == "category":
        return np.array(column.to_pylist(), object)
    return np.array(column.to_pylist(), bool if kind == "flag" else np.float32)
