"""Which split each row of a log falls into."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.data.hashed_random import hashed_uniform
from tfelc.schema.schema import Schema

# Of no other use: by those of the simulated world, which begin at 1, a user's split would go with the user's group.
_STREAM = 101


@dataclass(frozen=True)
class SplitRule:
    """Splits by time, by user or by row.

    Attributes:
        schema: The columns and the way to split.
        seed: Seed of a split by row or by user.
        edges: Where validation and test begin, of a split by time.
    """

    schema: Schema
    seed: int
    edges: NDArray[np.int64] | None = None

    def splits(self, rows: pa.Table, first: int) -> NDArray[np.int64]:
        """The split of each row, as an index into `SPLITS`.

        Args:
            rows: Rows of the log, in the schema's types.
            first: Place of the first one in the log.
        """
        split = self.schema.split
        if split.by == "time":
            assert self.edges is not None
            (timestamp,) = self.schema.of_kind("timestamp")
            return np.searchsorted(self.edges, rows[timestamp].to_numpy(), side="right")
        shares = np.cumsum([1 - split.validation - split.test, split.validation])
        keys = np.arange(first, first + len(rows)) if split.by == "row" else _user_keys(rows[self.schema.user_key])
        return np.searchsorted(shares, hashed_uniform(keys, self.seed, _STREAM, 1)[:, 0], side="right")


def _user_keys(users: pa.ChunkedArray) -> NDArray[np.uint64]:
    if pa.types.is_string(users.type):
        return pd.util.hash_array(users.fill_null("").to_numpy(zero_copy_only=False).astype(object))
    return users.fill_null(-1).to_numpy().astype(np.uint64)
