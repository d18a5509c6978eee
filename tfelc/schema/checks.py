"""What the parts of a schema must be to each other; each fault is a ValueError of one line that names it."""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfelc.schema.schema import Schema, Table

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def check_schema(schema: Schema, other_outputs: Sequence[str]) -> None:
    """Checks a schema whose columns, tables and tasks are each sound in themselves.

    Args:
        schema: The schema.
        other_outputs: Served outputs beside the tasks' own, whose names no task may take.

    Raises:
        ValueError: The first fault found.
    """
    _check_names(schema, other_outputs)
    _check_tasks(schema)
    _check_tables(schema)
    _check_columns(schema)


def _check_names(schema: Schema, other_outputs: Sequence[str]) -> None:
    joints = [task.joint or f"{task.given}_{name}" for name, task in schema.tasks.items() if task.given is not None]
    for name in [*schema.columns, *schema.tasks, *schema.tables, *joints]:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"`{name}` is no name a serving signature takes: use letters, digits and `_`, a letter first"
            )
    inputs: dict[str, str] = {}
    for name in schema.features:
        # A SavedModel's inputs become arguments of a Python function, and its nodes differ by more than case.
        if keyword.iskeyword(name) or name == "self":
            raise ValueError(f"column `{name}`: a word of Python's own, which no serving signature takes")
        if (other := inputs.setdefault(name.lower(), name)) != name:
            raise ValueError(f"columns `{other}` and `{name}`: features must differ by more than upper case")
    outputs: set[str] = set()
    for name in [*schema.tasks, *joints, *other_outputs]:
        if name in outputs:
            raise ValueError(f"output `{name}` stands for two things: rename the task, or its `joint`")
        outputs.add(name)


def _check_tasks(schema: Schema) -> None:
    if not schema.tasks:
        raise ValueError("no task is declared")
    for name, task in schema.tasks.items():
        if task.label not in schema.columns or schema.columns[task.label].kind != "label":
            raise ValueError(f"task `{name}`: `{task.label}` is not a column of kind `label`")
        seen = {name}
        while task.given is not None:
            if task.given not in schema.tasks or task.given in seen:
                raise ValueError(f"task `{name}`: `given: {task.given}` is not another task, or goes in a circle")
            seen.add(task.given)
            task = schema.tasks[task.given]


def _check_tables(schema: Schema) -> None:
    for name, column in schema.columns.items():
        if column.table is not None and column.table not in schema.tables:
            raise ValueError(f"column `{name}`: table `{column.table}` is not declared under `tables`")
    for name, table in schema.tables.items():
        _check_table(schema, name, table)


def _check_table(schema: Schema, name: str, table: Table) -> None:
    users = {c: column for c, column in schema.features.items() if schema.table_of(c)[0] == name}
    bucketed = [c for c, column in users.items() if column.kind == "number" and column.buckets]
    values = {(c.value_type, c.missing) for c in users.values() if c.kind != "number"}
    if bucketed and values:
        raise ValueError(f"table `{name}` is that of the number `{bucketed[0]}`, whose buckets it cannot share")
    if len(values) > 1:
        raise ValueError(f"table `{name}`: its columns must agree in type and in `default`")
    for value_type, missing in values:
        for value in table.values or ():
            if not isinstance(value, int if value_type == "integer" else str):
                raise ValueError(f"table `{name}`: `values` must be of type {value_type}. Received: {value!r}")
            if value == missing:
                raise ValueError(f"table `{name}`: {value!r} stands for a missing value: leave it out of `values`")


def _check_columns(schema: Schema) -> None:
    if not schema.features:
        raise ValueError("no column is a feature (number, category or list)")
    if len(schema.of_kind("weight")) > 1 or len(schema.of_kind("timestamp")) > 1:
        raise ValueError("at most one column can be of kind `weight`, and one of kind `timestamp`")
    if schema.user_key is not None:
        if schema.user_key not in schema.columns:
            raise ValueError(f"`user_key: {schema.user_key}` is not a column")
        if schema.columns[schema.user_key].kind not in ("id", "category"):
            raise ValueError(f"`user_key: {schema.user_key}` is not a column of kind `id` or `category`")
    if schema.split.by == "time" and not schema.of_kind("timestamp"):
        raise ValueError("`split: by: time` needs a column of kind `timestamp`")
    if schema.split.by == "user" and schema.user_key is None:
        raise ValueError("`split: by: user` needs `user_key`")
