"""Splits that a column of the log names."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.log_batch import LogBatch
from tfelc.data.splits import SPLITS


def split_words(batch: LogBatch, column: str) -> NDArray[np.int64]:
    """The split of each row, as an index into `SPLITS`.

    Args:
        batch: Rows of the log, as they were read.
        column: The column that holds the words, by its name there.

    Raises:
        DataError: A word is none of the splits.
    """
    words = batch.table[column].cast(pa.string())
    found = pc.index_in(words, value_set=pa.array(SPLITS))
    if found.null_count:
        for part in batch.parts:
            split_words(part, column)
        row = int(pc.index(pc.is_null(found), pa.scalar(True)).as_py())
        raise DataError(
            f"{batch.where}: column `{column}`, row {batch.first_row + row}: use {', '.join(SPLITS)}. "
            f"Received: {words[row].as_py()!r}"
        )
    return found.to_numpy().astype(np.int64)
