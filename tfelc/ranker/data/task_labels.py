"""The outcomes of tasks, as they are trained and judged on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.number_values import number_values
from tfelc.data.unfit_labels import is_unfit, must_be
from tfelc.schema.task import Task


def task_labels(table: pa.Table, tasks: Mapping[str, Task], nullable: Collection[str] = ()) -> dict[str, NDArray[Any]]:
    """The label of each row, for each task, as float32.

    A label that is null is not defined, since its condition did not come. It counts as 0: no task that is trained or
    judged on the rows where its condition came sees it, and a product with the condition's label is 0 either way. Only
    one that is nullable is NaN there: nobody knows it.

    Args:
        table: Prepared rows.
        tasks: The tasks by name.
        nullable: Columns of labels that are not known in every row; `Schema.nullable_labels`. Defaults to none.

    Raises:
        DataError: A label is null that is not nullable, and its task is not conditioned on another one; or it is below
            0, and its task needs one that is not.
    """
    labels = {}
    for name, task in tasks.items():
        column = table[task.label]
        is_defined = not column.null_count or task.label in nullable
        if not is_defined and task.conditioned_on is None:
            raise DataError(
                f"task `{name}`: label `{task.label}` is null in some rows, which only one that is `nullable` or has "
                "`conditioned_on` may be"
            )
        if task.is_value and is_unfit(column, task).any():
            raise DataError(
                f"task `{name}` of kind `{task.kind}`: {must_be(task)}, which `{task.label}` is not in some rows"
            )
        labels[name] = number_values(column) if is_defined else np.nan_to_num(number_values(column), copy=True)
    return labels
