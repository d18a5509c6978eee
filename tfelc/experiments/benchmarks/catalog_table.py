"""A simulated table of interactions of a catalog of any size."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

# Of each user, in the mean: the least, and further ones by a geometric law up to the most.
ACTIONS_OF_USER = 25
_SHORTEST, _FURTHER, _LONGEST = 5, 20, 105
_ZIPF = 0.8
_TASTES = 64
# Chances of a step: an item of the user's taste, or the one that follows the last one; else any item.
_OF_TASTE, _FOLLOWS = 0.4, 0.3
_YEAR, _DAY = 31_536_000, 86_400  # seconds
# Users that are drawn at a time.
_BLOCK = 200_000


def write_catalog_table(path: Path, items: int, actions_of_item: int, seed: int = 0) -> int:
    """Writes a Parquet file of the columns `user`, `item` and `time`, of users with about 25 actions each.

    Items are drawn by Zipf's law with the exponent 0.8. So that a model has something to learn, each user has one of 64
    tastes, to whose items 40 % of the steps go; and 30 % go to the item that follows the last one, which is one of the
    same taste, and about as popular.

    Args:
        path: The file.
        items: Items of the catalog, 64 at least.
        actions_of_item: Actions of an item, in the mean.
        seed: Seed of everything. Defaults to 0.

    Returns:
        The number of its rows.
    """
    rng = np.random.default_rng(seed)
    cumulative = np.cumsum(np.arange(1, items + 1, dtype=np.float64) ** -_ZIPF)
    cumulative /= cumulative[-1]
    # An id says nothing of how popular its item is.
    ids = rng.permutation(items) + 1
    rows, users = 0, items * actions_of_item // ACTIONS_OF_USER
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
