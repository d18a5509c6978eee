"""Rows of a split, wherever tasks have left them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Slice(NamedTuple):
    """Neighboring rows of a batch.

    Attributes:
        file: Name of the file.
        batch: Number of the batch in it.
        start: The first row.
        rows: How many rows.
    """

    file: str
    batch: int
    start: int
    rows: int


def in_parts(slices: Sequence[Slice], rows: int) -> Iterator[list[Slice]]:
    """Cuts slices, in their order, so that so many rows come together; the last part may have fewer.

    Example:
        >>> [[tuple(each) for each in part] for part in in_parts([Slice("a", 0, 0, 5), Slice("b", 2, 0, 2)], 3)]
        [[('a', 0, 0, 3)], [('a', 0, 3, 2), ('b', 2, 0, 1)], [('b', 2, 1, 1)]]
    """
    part: list[Slice] = []
    room = rows
    for each in slices:
        left = each
        while left.rows:
            taken = min(left.rows, room)
            part.append(left._replace(rows=taken))
            left = left._replace(start=left.start + taken, rows=left.rows - taken)
            room -= taken
            if not room:
                yield part
                part, room = [], rows
    if part:
        yield part
