"""Recommendations as a DataFrame."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def recommendations_frame(ids: NDArray[Any], scores: NDArray[np.float32]) -> pd.DataFrame:
    """One row for each recommended item: `row`, `rank` from 1, `item`, `score`.

    Args:
        ids: Raw item ids, strings as bytes, `(rows, k)`, best first.
        scores: Their scores, `(rows, k)`; minus infinity where fewer items were left.
    """
    row, place = np.nonzero(scores > -np.inf)
    items = [each.decode() if isinstance(each, bytes) else each for each in ids[row, place]]
    return pd.DataFrame({"row": row, "rank": place + 1, "item": items, "score": scores[row, place]})
