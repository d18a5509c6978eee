"""A simulated table of interactions of a catalog of any size: popularity by Zipf's law, tastes, and what follows what."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

# Of each item, in the mean; and of each user, of whom there are two an item.
ACTIONS_OF_ITEM = 50
USERS_OF_ITEM = 2
_SHORTEST, _FURTHER, _LONGEST = 5, 20, 105
_ZIPF = 0.8
_TASTES = 64
# Chances of a step: an item of the user's taste, or the one that follows the last one; else any item.
_OF_TASTE, _FOLLOWS = 0.4, 0.3
_YEAR, _DAY = 31_536_000, 86_400  # seconds
# Users that are drawn at a time.
_BLOCK = 200_000


def write_catalog_table(path: Path, items: int, seed: int = 0) -> int:
    """Writes a Parquet file of the columns `user`, `item` and `time`, with 50 actions of each item in the mean.

    Items are drawn by Zipf's law with the exponent 0.8. Each user has one of 64 tastes. An item of a taste follows
    another one of it: 30 % of the steps go there from the last item, whatever the user's taste, and 40 % to some item
    of the taste, so that a model has something to learn.

    Args:
        path: The file.
        items: Items of the catalog, 64 at least.
        seed: Seed of everything.

    Returns:
        The number of its rows.
    """
    rng = np.random.default_rng(seed)
    cumulative = np.cumsum(np.arange(1, items + 1, dtype=np.float64) ** -_ZIPF)
    cumulative /= cumulative[-1]
    # An id says nothing of how popular its item is.
    ids = rng.permutation(items) + 1
    rows, users = 0, USERS_OF_ITEM * items
    schema = pa.schema([("user", pa.int64()), ("item", pa.int64()), ("time", pa.int64())])
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, users, _BLOCK):
            user, places, times = _block(rng, min(_BLOCK, users - start), cumulative)
            writer.write_table(pa.table([user + start, ids[places], times], schema=schema))
            rows += len(user)
    return rows


def _block(
    rng: np.random.Generator, users: int, cumulative: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    items = len(cumulative)
    lengths = np.minimum(_SHORTEST + rng.geometric(1 / _FURTHER, users), _LONGEST)
    # Longest first, so that those who go on are the first ones.
    lengths[::-1].sort()
    taste, time = rng.integers(_TASTES, size=users), rng.integers(_YEAR, size=users)
    last = np.zeros(users, np.int64)
    parts = []
    for step in range(int(lengths[0])):
        count = int(np.searchsorted(-lengths, -step))
        drawn = np.minimum(np.searchsorted(cumulative, rng.random(count), side="right"), items - 1)
        kind = rng.random(count)
        of_taste = np.minimum(drawn // _TASTES * _TASTES + taste[:count], items - 1)
        follows = (last[:count] + _TASTES) % items
        item = np.where(kind < _OF_TASTE, of_taste, drawn)
        if step:
            item = np.where(kind >= 1 - _FOLLOWS, follows, item)
        last[:count] = item
        time[:count] += (rng.exponential(_DAY, count)).astype(np.int64)
        parts.append((np.arange(count), item, time[:count].copy()))
    user, place, times = (np.concatenate(each) for each in zip(*parts, strict=True))
    return user, place, times
