"""The formula over a schema's outputs that its rankings go by."""

from __future__ import annotations

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


def all_outputs(tasks: Mapping[str, Task]) -> list[str]:
    """The outputs of all the tasks, joint ones after the others.

    Args:
        tasks: Mapping of name to Task. All the tasks of the schema.
    """
    joints = (task.joint or f"{task.conditioned_on}_{name}" for name, task in tasks.items() if task.conditioned_on)
    return [*tasks, *joints]


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
        formula = Expression(text, all_outputs(tasks))
        formula.refuse_endless()
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
        if name in all_outputs(tasks):
            raise ValueError(f"output `{name}` is that of `score`, too: rename the task, or its `joint`")
    for name, column in columns.items():
        if column.is_feature and name.lower() == K_INPUT:
            raise ValueError(
                f"column `{name}`: where there is a `score`, a ranking takes `{K_INPUT}`; name it otherwise"
            )
