"""What came of bringing an array to a column."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


@dataclass(frozen=True)
class Fault:
    """Rows whose values cannot be brought to the column.

    Attributes:
        rows: Where they are, `(rows,)`.
        reason: Why, in words; empty where they are simply not of the kind.
    """

    rows: NDArray[np.bool_]
    reason: str = ""


@dataclass(frozen=True)
class Brought:
    """An array in a column's type.

    Attributes:
        values: The values, null where there is a fault.
        faults: The rows at fault, by reason.
        notes: What a user should know of how the values were read, each once.
    """

    values: pa.Array
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


def brought(values: pa.Array, faults: list[Fault], notes: tuple[str, ...] = ()) -> Brought:
    """Leaves out the faults that no row has."""
    return Brought(values, tuple(fault for fault in faults if fault.rows.any()), notes)
