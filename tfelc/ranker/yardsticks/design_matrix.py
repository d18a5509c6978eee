"""A flat table as linear models read it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.ranker.yardsticks.flat_table import FlatTable


def design_matrix(train: FlatTable) -> Callable[[FlatTable], Any]:
    """What makes a sparse design matrix of a table, by the training rows' means and values."""
    from scipy import sparse

    missing = np.isnan(train.numbers)
    count = np.maximum((~missing).sum(axis=0), 1)
    mean = np.nansum(train.numbers, axis=0, dtype=np.float64) / count
    deviation = np.sqrt(np.nansum((train.numbers - mean) ** 2, axis=0) / count)
    deviation[deviation == 0] = 1.0
    flagged = missing.any(axis=0)
    widths = np.nanmax(train.codes, axis=0, initial=-1).astype(int) + 1

    def matrix(table: FlatTable) -> Any:
        absent = np.isnan(table.numbers)
        scaled = np.where(absent, 0.0, (table.numbers - mean) / deviation)
        blocks = [sparse.csr_matrix(scaled), sparse.csr_matrix(absent[:, flagged].astype(np.float64))]
        blocks += [_one_hot(codes, width) for codes, width in zip(table.codes.T, widths, strict=True)]
        return sparse.hstack(blocks, format="csr")

    return matrix


def _one_hot(codes: NDArray[np.float32], width: int) -> Any:
    from scipy import sparse

    rows = np.flatnonzero(~np.isnan(codes))
    return sparse.csr_matrix((np.ones(len(rows)), (rows, codes[rows].astype(int))), shape=(len(codes), width))
