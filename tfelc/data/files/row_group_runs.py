"""Row groups that are read together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def row_group_runs(groups: Sequence[int], rows: int) -> Iterator[list[int]]:
    """Cuts a file's row groups into runs that hold a batch each.

    A reader of pyarrow 25.0.1 that goes through a file in batches keeps the bytes of every row group that it was asked
    for until it ends, so that memory would grow with the file. A run for each row group would cost too much where they
    are small.

    Args:
        groups: Rows of each row group.
        rows: Rows of a batch.

    Yields:
        Numbers of neighboring row groups, with at least `rows` rows together, but for the last.

    Example:
        >>> list(row_group_runs([50, 50, 200, 10], rows=100))
        [[0, 1], [2], [3]]
    """
    run: list[int] = []
    held = 0
    for number, count in enumerate(groups):
        run.append(number)
        held += count
        if held >= rows:
            yield run
            run, held = [], 0
    if run:
        yield run
