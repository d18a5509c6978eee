"""Training rows that are left out: most of those in which an outcome did not come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tfelc.data.hashed_random import hashed_uniform
from tfelc.schema.schema import Schema

# Of no other use; see `tfelc.data.split_rule`.
_STREAM = 102

# Where a manifest's metadata says what was left out.
SAMPLED_NEGATIVES = "sampled_negatives"


class NegativeSampling:
    """Keeps a share of the rows with a label of 0, and every other one, as `negatives_kept` of a schema's task says.

    Which rows these are depends on the seed and on a row's place in the split alone, in whatever pieces the rows come.

    Args:
        schema: What the columns mean.
        seed: Seed of the choice.
        first: Place in the split of the first row that comes. Defaults to 0.
    """

    def __init__(self, schema: Schema, seed: int, first: int = 0) -> None:
        name = schema.sampled_task
        self._task = None if name is None or schema.tasks[name].already_sampled else schema.tasks[name]
        self._name = name
        self._seed = seed
        self._rows = first
        self._negatives = self._dropped = 0

    @property
    def drops(self) -> bool:
        """Whether some rows are left out."""
        return self._task is not None and self._task.negatives_kept is not None

    def kept(self, rows: pa.Table) -> pa.Table:
        """The rows that are kept of the next ones of the training split."""
        if self._task is None or self._task.negatives_kept is None:
            return rows
        numbers = np.arange(self._rows, self._rows + len(rows))
        negative = rows[self._task.label].to_numpy() == 0
        kept = ~negative | (hashed_uniform(numbers, self._seed, _STREAM, 1)[:, 0] < self._task.negatives_kept)
        self._rows += len(rows)
        self._negatives += int(negative.sum())
        self._dropped += int((~kept).sum())
        return rows.filter(pa.array(kept))

    def said(self) -> list[int]:
        """What `hear` takes, in another process."""
        return [self._negatives, self._dropped]

    def hear(self, said: Sequence[int]) -> None:
        """Takes what another one says of other rows."""
        negatives, dropped = said
        self._negatives += negatives
        self._dropped += dropped

    @property
    def metadata(self) -> dict[str, Any]:
        """What a manifest says of it: nothing where all rows are kept."""
        if self._task is None:
            return {}
        said = {"task": self._name, "label": self._task.label, "kept": self._task.negatives_kept}
        return {SAMPLED_NEGATIVES: {**said, "negatives": self._negatives, "dropped": self._dropped}}


def sampling_line(said: dict[str, Any]) -> str:
    """What was left out, in words.

    Args:
        said: What `NegativeSampling` puts into a manifest.

    Example:
        >>> sampling_line({"task": "ctr", "label": "click", "kept": 0.1, "negatives": 1000, "dropped": 902})
        'training rows without `click`: 98 of 1,000 are kept (`negatives_kept: 0.1` of task `ctr`)'
    """
    left = said["negatives"] - said["dropped"]
    rule = f"`negatives_kept: {said['kept']:g}` of task `{said['task']}`"
    return f"training rows without `{said['label']}`: {left:,} of {said['negatives']:,} are kept ({rule})"
