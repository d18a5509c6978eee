"""What a served model takes and gives, as its metadata say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

_DTYPES = {
    "DT_FLOAT": "float32",
    "DT_DOUBLE": "float64",
    "DT_HALF": "float16",
    "DT_INT8": "int8",
    "DT_INT16": "int16",
    "DT_INT32": "int32",
    "DT_INT64": "int64",
    "DT_UINT8": "uint8",
    "DT_UINT16": "uint16",
    "DT_UINT32": "uint32",
    "DT_UINT64": "uint64",
    "DT_BOOL": "bool",
    "DT_STRING": "object",
}


@dataclass(frozen=True)
class Tensor:
    """One input or output.

    Attributes:
        dtype: Type of the values; `object` for strings, void for a type that the clients do not know.
        shape: Its sizes, None where any goes; None when the number of dimensions is open too.
    """

    dtype: np.dtype[Any]
    shape: tuple[int | None, ...] | None

    @classmethod
    def of(cls, dtype: str, shape: list[int] | None) -> Tensor:
        """From the type's name, as in `DT_FLOAT`, and the sizes, -1 for any."""
        sizes = None if shape is None else tuple(None if size < 0 else size for size in shape)
        return cls(np.dtype(_DTYPES.get(dtype, "V")), sizes)

    @property
    def strings(self) -> bool:
        """Whether the values are strings."""
        return self.dtype == np.dtype(object)


@dataclass(frozen=True)
class Signature:
    """The inputs and outputs of a signature by name."""

    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]


Signatures = Mapping[str, Signature]
