"""Lists of words that stand in one text."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray


def words(texts: pa.Array | pa.ChunkedArray, separator: str = " ") -> pa.ListArray:
    """Splits texts; an empty one, and what is empty between two separators, is no word.

    Args:
        texts: The texts; null is as an empty one.
        separator: What stands between the words. Defaults to a space.

    Example:
        >>> words(pa.array(["a b", "", None])).to_pylist()
        [['a', 'b'], [], []]
    """
    if isinstance(texts, pa.ChunkedArray):
        texts = texts.combine_chunks()
    split = pc.split_pattern(pc.fill_null(texts, ""), separator)
    return _kept(split, pc.not_equal(split.flatten(), "").to_numpy(zero_copy_only=False))


def last_of(lists: pa.ListArray, length: int) -> pa.ListArray:
    """The last values of each list.

    Args:
        lists: The lists.
        length: How many values are kept at most.

    Example:
        >>> last_of(pa.array([[1, 2, 3], [4]]), 2).to_pylist()
        [[2, 3], [4]]
    """
    ends = np.cumsum(lists.value_lengths().to_numpy())
    of_list = pc.list_parent_indices(lists).to_numpy()
    return _kept(lists, ends[of_list] - np.arange(len(of_list)) <= length)


def _kept(lists: pa.ListArray, keep: NDArray[np.bool_]) -> pa.ListArray:
    of_list = pc.list_parent_indices(lists).to_numpy()[keep]
    offsets = np.concatenate([[0], np.cumsum(np.bincount(of_list, minlength=len(lists)))])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), lists.flatten().filter(pa.array(keep)))
