"""Labels of quantities that their task cannot have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.data.values.brought import Fault
from tfelc.data.values.masks import mask_of
from tfelc.schema.task import Task


def unfit_labels(arrays: Mapping[str, pa.Array], tasks: Mapping[str, Task]) -> Iterator[tuple[str, Fault]]:
    """Values below 0 of a task that needs others, and those that are no level of an ordinal one.

    Args:
        arrays: The columns by name, in their types.
        tasks: The tasks by name.
    """
    for name, task in tasks.items():
        if task.label in arrays and (bad := is_unfit(arrays[task.label], task)).any():
            yield task.label, Fault(bad, f"{must_be(task)} for task `{name}`")


def is_unfit(values: pa.Array | pa.ChunkedArray, task: Task) -> NDArray[np.bool_]:
    """Whether each value is one that the task cannot have; one that is null is not.

    Args:
        values: Labels of the task, of a type of numbers.
        task: The task.
    """
    bad = np.zeros(len(values), bool)
    if task.never_negative:
        bad |= mask_of(pc.less(values, 0))
    if task.levels is not None:
        levels = pa.array(task.levels).cast(values.type, safe=False)
        bad |= mask_of(pc.and_(pc.is_valid(values), pc.invert(pc.is_in(values, levels))))
    return bad


def must_be(task: Task) -> str:
    """What a label of the task must be, in words."""
    if task.levels is not None:
        return f"a value must be one of the levels {', '.join(f'{level:.9g}' for level in task.levels)}"
    return "a value must be at least 0"
