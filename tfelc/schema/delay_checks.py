"""What the delays of tasks must be to the columns, the aggregates and each other."""

from __future__ import annotations

from collections.abc import Mapping

from tfelc.core.validation_message import near_miss
from tfelc.schema.aggregate import Aggregate
from tfelc.schema.column import Column
from tfelc.schema.delay import Delay
from tfelc.schema.task import Task

_MINUTES_A_DAY = 1_440


def check_delays(columns: Mapping[str, Column], tasks: Mapping[str, Task], aggregates: Mapping[str, Aggregate]) -> None:
    """Checks the tasks whose outcomes come late.

    Args:
        columns: Mapping of name to Column.
        tasks: Mapping of name to Task; each is sound in itself.
        aggregates: Mapping of name to Aggregate.

    Raises:
        ValueError: The first fault found.
    """
    delays: dict[str, tuple[str, Delay]] = {}
    for name, task in tasks.items():
        _check_conditions(name, task, tasks)
        if task.delay is not None:
            _check(name, task, task.delay, columns)
            delays.setdefault(task.label, (name, task.delay))
    for name, task in tasks.items():
        if task.label in delays and task.delay != delays[task.label][1]:
            raise ValueError(
                f"tasks `{name}` and `{delays[task.label][0]}` have one label, `{task.label}`, and must have one "
                "`delay`, too"
            )
    for name, aggregate in aggregates.items():
        for label in (*aggregate.of, *aggregate.where):
            if label in delays:
                _check_aggregate(name, aggregate, label, delays[label][1])


def _check(name: str, task: Task, delay: Delay, columns: Mapping[str, Column]) -> None:
    time = delay.event_time
    if time not in columns or columns[time].kind != "event_time":
        raise ValueError(
            f"task `{name}`: `delay.event_time: {time}` is not a column of kind `event_time`{near_miss(time, columns)}"
        )
    if not any(column.kind == "timestamp" for column in columns.values()):
        raise ValueError(
            f"task `{name}`: its `delay` counts from the row's time: a column of kind `timestamp` is needed"
        )
    if columns[task.label].nullable:
        raise ValueError(
            f"task `{name}`: label `{task.label}` has a `delay`, so that it is not known in young rows; it takes no "
            "`nullable: true` besides"
        )


def _check_conditions(name: str, task: Task, tasks: Mapping[str, Task]) -> None:
    """What has not come in a chain of late outcomes may be any of them, which the weights do not tell apart."""
    link = task.conditioned_on
    while link is not None:
        for delay in (task.delay, tasks[link].delay):
            if delay is not None and tasks[link].delay is not None and delay.immature == "weight":
                raise ValueError(
                    f"task `{name}`: `delay.immature: weight` is of an outcome that alone comes late, and `{link}`, "
                    "which it is conditioned on, does, too; use `drop` for both"
                )
        link = tasks[link].conditioned_on


def _check_aggregate(name: str, aggregate: Aggregate, label: str, delay: Delay) -> None:
    least = delay.window * _MINUTES_A_DAY
    if not isinstance(aggregate.delay, int) or aggregate.delay < least:
        raise ValueError(
            f"aggregate `{name}`: `{label}` comes up to {delay.window} days after its row, so that serving would not "
            f"know it before: set its `delay` to {least} minutes at least"
        )
