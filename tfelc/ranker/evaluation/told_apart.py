"""Groups of several columns that have names in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def told_apart(groups: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Names a group `column=name` where another column has one of the same name, as two flags of 0 and 1 do.

    Args:
        groups: Mapping of column to the group of each row, None where it is in none.

    Example:
        >>> told_apart({"is_new": np.array(["1", "0"], object), "plan": np.array(["1", None], object)})["is_new"]
        array(['is_new=1', '0'], dtype=object)
    """
    distinct = {column: [name for name in pd.unique(values) if not pd.isna(name)] for column, values in groups.items()}
    counts = Counter(str(name) for names in distinct.values() for name in names)
    renamed = {}
    for column, values in groups.items():
        names = {name: f"{column}={name}" for name in distinct[column] if counts[str(name)] > 1}
        if not names:
            renamed[column] = values
            continue
        renamed[column] = np.array([names.get(value, value) for value in values], object)
    return renamed
