"""Rows whose lists are not as long as those of the same sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from tfelc.data.values.brought import Fault
from tfelc.schema.list_sequence import ListSequence


def uneven_sequences(
    arrays: Mapping[str, pa.Array], sequences: Mapping[str, ListSequence]
) -> Iterator[tuple[str, Fault]]:
    """The first list of each sequence that is longer or shorter than the one before it, in some rows.

    Args:
        arrays: The columns by name, in their types; lists that are not among them are passed over.
        sequences: Name -> sequence.

    Returns:
        Name of a column, and the rows at fault.

    Example:
        >>> arrays = {"video": pa.array([["a"], ["a", "b"]]), "gap": pa.array([[1.0], [2.0]])}
        >>> [(name, fault.rows.tolist()) for name, fault in uneven_sequences(
        ...     arrays, {"watched": ListSequence(columns=("video", "gap"))})]
        [('gap', [False, True])]
    """
    for name, sequence in sequences.items():
        present = [each for each in sequence.columns if each in arrays]
        for each in present[1:]:
            one, other = (pc.fill_null(pc.list_value_length(arrays[key]), 0) for key in (present[0], each))
            bad = pc.not_equal(one, other).to_numpy(zero_copy_only=False)
            if bad.any():
                yield each, Fault(bad, f"must be as long as `{present[0]}`, with which it forms sequence `{name}`")
