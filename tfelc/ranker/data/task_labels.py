"""The outcomes of tasks, as they are trained and judged on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.number_values import number_values
from tfelc.schema.task import Task


def task_labels(table: pa.Table, tasks: Mapping[str, Task]) -> dict[str, NDArray[Any]]:
    """The label of each row, for each task, as float32.

    A label that is null is not defined, since its condition did not come. It counts as 0: no task that is trained or
    judged on the rows where its condition came sees it, and a product with the condition's label is 0 either way.

    Args:
        table: Prepared rows.
        tasks: The tasks by name.

    Raises:
        DataError: A label is null, and its task is not conditioned on another one.
    """
    labels = {}
    for name, task in tasks.items():
        column = table[task.label]
        if column.null_count and task.conditioned_on is None:
            raise DataError(
                f"task `{name}`: label `{task.label}` is null in some rows, which only one with `conditioned_on` may be"
            )
        labels[name] = np.nan_to_num(number_values(column), copy=True) if column.null_count else number_values(column)
    return labels
