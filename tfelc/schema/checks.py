"""What the parts of a schema must be to each other; each fault is a ValueError of one line that names it."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping

from tfelc.schema.column import Column
from tfelc.schema.embedding_table import EmbeddingTable
from tfelc.schema.list_sequence import ListSequence
from tfelc.schema.sequence_checks import check_sequences
from tfelc.schema.split import Split
from tfelc.schema.task import CLUSTER_OUTPUTS, Task

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def check_schema(
    columns: Mapping[str, Column],
    tasks: Mapping[str, Task],
    tables: Mapping[str, EmbeddingTable],
    user_key: str | None,
    split: Split,
    sequences: Mapping[str, ListSequence],
) -> None:
    """Checks the parts of a schema, each sound in itself, against each other.

    Args:
        columns: Mapping of name to Column.
        tasks: Mapping of name to Task.
        tables: Mapping of name to EmbeddingTable.
        user_key: str. The column that tells the users apart, or None.
        split: Split. How the log is split.
        sequences: Mapping of name to ListSequence.

    Raises:
        ValueError: The first fault found.
    """
    _check_names(columns, tasks, tables, sequences)
    _check_tasks(columns, tasks)
    _check_tables(columns, tables)
    _check_columns(columns, tasks, user_key, split)
    _check_sources(columns)
    embedded = {name: column.table or name for name, column in columns.items() if column.is_embedded}
    check_sequences(sequences, columns, embedded)


def _check_names(
    columns: Mapping[str, Column],
    tasks: Mapping[str, Task],
    tables: Mapping[str, EmbeddingTable],
    sequences: Mapping[str, ListSequence],
) -> None:
    joints = [
        task.joint or f"{task.conditioned_on}_{name}" for name, task in tasks.items() if task.conditioned_on is not None
    ]
    for name in [*columns, *tasks, *tables, *joints, *sequences]:
        if not _NAME.fullmatch(name):
            raise ValueError(
                f"`{name}` is no name a serving signature takes: use letters, digits and `_`, a letter first"
            )
    inputs: dict[str, str] = {}
    for name in _features(columns):
        # A SavedModel's inputs become arguments of a Python function, and its nodes differ by more than case.
        if keyword.iskeyword(name) or name == "self":
            raise ValueError(f"column `{name}`: a word of Python's own, which no serving signature takes")
        if (other := inputs.setdefault(name.lower(), name)) != name:
            raise ValueError(f"columns `{other}` and `{name}`: features must differ by more than upper case")
    outputs: set[str] = set()
    for name in [*tasks, *joints, *CLUSTER_OUTPUTS]:
        if name in outputs:
            raise ValueError(f"output `{name}` stands for two things: rename the task, or its `joint`")
        outputs.add(name)


def _check_tasks(columns: Mapping[str, Column], tasks: Mapping[str, Task]) -> None:
    if not tasks:
        raise ValueError("no task is declared")
    sampled = [name for name, task in tasks.items() if task.negatives_kept is not None]
    if len(sampled) > 1:
        raise ValueError(f"tasks `{sampled[0]}` and `{sampled[1]}`: only one task can have `negatives_kept`")
    for name, task in tasks.items():
        wanted = "value" if task.is_value else "label"
        if task.label not in columns or columns[task.label].kind != wanted:
            words = f"`{wanted}`, as one of kind `{task.kind}` needs" if task.is_value else "`label`"
            raise ValueError(f"task `{name}`: `{task.label}` is not a column of kind {words}")
        if task.row_weight is not None and (
            task.row_weight not in columns or columns[task.row_weight].kind != "weight"
        ):
            raise ValueError(f"task `{name}`: `{task.row_weight}` is not a column of kind `weight`")
        seen = {name}
        while (condition := task.conditioned_on) is not None:
            if condition not in tasks or condition in seen:
                raise ValueError(
                    f"task `{name}`: `conditioned_on: {condition}` is not another task, or goes in a circle"
                )
            if tasks[condition].is_value:
                raise ValueError(
                    f"task `{name}`: `conditioned_on: {condition}` predicts a value, which is no condition"
                )
            seen.add(condition)
            task = tasks[condition]


def _check_tables(columns: Mapping[str, Column], tables: Mapping[str, EmbeddingTable]) -> None:
    for name, column in columns.items():
        if column.table is not None and column.table not in tables:
            raise ValueError(f"column `{name}`: table `{column.table}` is not declared under `tables`")
    for name, table in tables.items():
        users = {
            c: column
            for c, column in columns.items()
            if (column.is_feature or column.is_bias) and (column.table or c) == name
        }
        _check_table(users, name, table)


def _check_table(users: Mapping[str, Column], name: str, table: EmbeddingTable) -> None:
    bucketed = [c for c, column in users.items() if column.kind == "number" and column.buckets]
    values = {(c.value_type, c.missing) for c in users.values() if c.is_embedded}
    if table.pretrained is not None and not values:
        raise ValueError(f"table `{name}`: has `pretrained` vectors, and no category or list that they could be of")
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


def _check_columns(
    columns: Mapping[str, Column], tasks: Mapping[str, Task], user_key: str | None, split: Split
) -> None:
    kinds = [column.kind for column in columns.values()]
    if not _features(columns):
        raise ValueError("no column is a feature (number, category, list or vector)")
    of_tasks = {task.row_weight for task in tasks.values()}
    weights = [name for name, column in columns.items() if column.kind == "weight" and name not in of_tasks]
    if len(weights) > 1 or kinds.count("timestamp") > 1:
        raise ValueError(
            "at most one column can be of kind `weight`, beside those that a task names as its `weight`, and one of "
            "kind `timestamp`"
        )
    if user_key is not None:
        if user_key not in columns:
            raise ValueError(f"`user_key: {user_key}` is not a column")
        if columns[user_key].kind not in ("id", "category"):
            raise ValueError(f"`user_key: {user_key}` is not a column of kind `id` or `category`")
    if split.by == "time" and "timestamp" not in kinds:
        raise ValueError("`split: by: time` needs a column of kind `timestamp`")
    if split.by == "user" and user_key is None:
        raise ValueError("`split: by: user` needs `user_key`")


def _check_sources(columns: Mapping[str, Column]) -> None:
    taken: dict[str, str] = {}
    for name, column in columns.items():
        if (other := taken.setdefault(column.source or name, name)) != name:
            raise ValueError(f"columns `{other}` and `{name}` are both read from `{column.source or name}`")


def _features(columns: Mapping[str, Column]) -> dict[str, Column]:
    return {name: column for name, column in columns.items() if column.is_feature}
