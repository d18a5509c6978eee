"""Scores as a DataFrame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def scores_frame(batches: Iterable[Mapping[str, NDArray[Any]]], scored: Any) -> pd.DataFrame:
    """One column for each output, with the index of the frame that was scored.

    Args:
        batches: Output -> array of shape `(rows,)`, of each batch, one at least.
        scored: What was scored; only a DataFrame has an index.
    """
    parts = list(batches)
    frame = pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    if isinstance(scored, pd.DataFrame):
        frame.index = scored.index
    return frame
