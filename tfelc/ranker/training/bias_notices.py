"""What training rows leave the tower of the bias columns without anything to learn, or to be served by."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow.compute as pc

from tfelc.data.dataset import Dataset
from tfelc.data.plain_column import plain_column
from tfelc.schema.schema import Schema


def bias_notices(dataset: Dataset, schema: Schema) -> Iterator[str]:
    """Warnings about the columns of role `bias` in the training split.

    Args:
        dataset: The prepared dataset.
        schema: Its schema.
    """
    names = [name for name, column in schema.columns.items() if column.is_bias]
    if not names:
        return
    rows, missing, served, others = 0, *(dict.fromkeys(names, 0) for _ in range(3))
    for table in dataset.tables("train", names):
        rows += len(table)
        for name in names:
            values = plain_column(table[name], schema.columns[name])
            at_default = pc.sum(pc.equal(values, schema.columns[name].default)).as_py() or 0
            missing[name] += values.null_count
            served[name] += at_default
            others[name] += len(values) - values.null_count - at_default
    for name in names:
        default = schema.columns[name].default
        if missing[name]:
            yield (
                f"column `{name}` of role `bias` has no value in {missing[name]:,} of {rows:,} training rows, which "
                f"count as its default, {default}"
            )
        if not others[name]:
            yield f"column `{name}` of role `bias` has no other value than its default in training: it tells nothing"
        elif not served[name]:
            yield (
                f"column `{name}` of role `bias` is {default} in no training row: what is served there was never seen; "
                "take a `default` that occurs"
            )
