"""The formula over a schema's outputs that its rankings go by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from tfelc.core.errors import UsageError
from tfelc.schema.column import Column
from tfelc.schema.task import Task

if TYPE_CHECKING:
    from tfelc.core.expression import Expression

# The output that a formula becomes; and, of the best items in their order, the place of each in the request.
SCORE_OUTPUT = "score"
POSITION_OUTPUT = "position"
# The input that says how many items are wanted.
K_INPUT = "k"
# The score of a row for which the formula is no finite number: the least of float32, which JSON can hold, so that the
# row comes last.
LAST_SCORE = -3.4028234663852886e38

_SHARE, _AT_LEAST_0 = (0.0, 1.0), (0.0, math.inf)


def output_ranges(tasks: Mapping[str, Task]) -> dict[str, tuple[float, float]]:
    """The outputs of all the tasks, joint ones after the others -> lower and upper end of what each can be.

    Args:
        tasks: Mapping of name to Task. All the tasks of the schema.
    """
    joints = {
        task.joint or f"{task.conditioned_on}_{name}": task for name, task in tasks.items() if task.conditioned_on
    }
    of_joints = {name: (min(low, 0.0), max(high, 0.0)) for name, (low, high) in _ranges(joints).items()}
    return _ranges(tasks) | of_joints


def _ranges(tasks: Mapping[str, Task]) -> dict[str, tuple[float, float]]:
    return {name: _range(task) for name, task in tasks.items()}


def _range(task: Task) -> tuple[float, float]:
    if not task.is_value:
        return _SHARE
    if task.levels is not None:
        return task.levels[0], task.levels[-1]
    return _AT_LEAST_0 if task.never_negative else (-math.inf, math.inf)


def score_formula(text: str, tasks: Mapping[str, Task]) -> Expression:
    """The formula, checked: it names outputs of the tasks alone, and is a finite number for some values of theirs.

    Args:
        text: str. The formula.
        tasks: Mapping of name to Task. All the tasks of the schema.

    Raises:
        ValueError: It is none.
    """
    from tfelc.core.expression import Expression

    try:
        ranges = output_ranges(tasks)
        formula = Expression(text, list(ranges))
        formula.refuse_endless(ranges)
    except UsageError as error:
        raise ValueError(str(error)) from None
    return formula


def check_score(text: str, columns: Mapping[str, Column], tasks: Mapping[str, Task]) -> None:
    """Raises ValueError where the formula is none, or a name of the schema's stands in its way.

    Args:
        text: str. The formula.
        columns: Mapping of name to Column.
        tasks: Mapping of name to Task.
    """
    score_formula(text, tasks)
    for name in (SCORE_OUTPUT, POSITION_OUTPUT):
        if name in output_ranges(tasks):
            raise ValueError(f"output `{name}` is that of `score`, too: rename the task, or its `joint`")
    for name, column in columns.items():
        if column.is_feature and name.lower() == K_INPUT:
            raise ValueError(
                f"column `{name}`: where there is a `score`, a ranking takes `{K_INPUT}`; name it otherwise"
            )
