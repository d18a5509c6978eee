"""The rows of each group of users."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def group_rows(group_values: Mapping[str, NDArray[Any]]) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Column, name and rows of each group, in alphabetical order, column by column.

    Args:
        group_values: Group of each row by column, `(rows,)`, None or NaN where it is in none of that column's.

    Example:
        >>> found = group_rows({"activity": np.array(["old", None, "new"], dtype=object)})
        >>> [(column, name, rows.tolist()) for column, name, rows in found]
        [('activity', 'new', [False, False, True]), ('activity', 'old', [True, False, False])]
    """
    # Imported here: pandas loads slowly and metrics of all rows do without.
    import pandas as pd

    for column, values in group_values.items():
        codes, names = pd.factorize(np.asarray(values, dtype=object), sort=True)
        for code, name in enumerate(map(str, names)):
            yield column, name, codes == code
