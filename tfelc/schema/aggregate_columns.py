"""The feature columns that aggregates become, and what aggregates must be to the columns of the log."""

from __future__ import annotations

from collections.abc import Mapping

from tfelc.core.validation_message import near_miss
from tfelc.schema.aggregate import Aggregate
from tfelc.schema.column import Column, Role

_KEY_KINDS = ("id", "category", "group")
_VALUE_KINDS = ("id", "category")


def with_aggregates(
    columns: Mapping[str, Column], aggregates: Mapping[str, Aggregate], user_key: str | None
) -> dict[str, Column]:
    """The columns, and after them one for each aggregate that has none.

    Args:
        columns: Mapping of name to Column. Those that are declared; a column named as an aggregate says what becomes of
            it in the model.
        aggregates: Mapping of name to Aggregate.
        user_key: str. The column that tells the users apart, or None.

    Raises:
        ValueError: The first fault found.
    """
    log = {name: column for name, column in columns.items() if name not in aggregates}
    if aggregates and not any(column.kind == "timestamp" for column in log.values()):
        raise ValueError("`aggregates` look at earlier rows: a column of kind `timestamp` is needed")
    found = dict(columns)
    for name, aggregate in aggregates.items():
        _check(name, aggregate, log)
        derived = _column(aggregate, log, user_key)
        declared = found.setdefault(name, derived)
        if (declared.kind, declared.value_type) != (derived.kind, derived.value_type):
            raise ValueError(
                f"column `{name}` is an aggregate of kind {derived.kind} and type {derived.value_type}. "
                f"Received: {declared.kind}, {declared.value_type}"
            )
    return found


def _check(name: str, aggregate: Aggregate, log: Mapping[str, Column]) -> None:
    outcomes = aggregate.of if aggregate.compute == "rate" else ()
    values = () if aggregate.compute == "rate" else aggregate.of
    for key, columns, kinds in (
        ("by", aggregate.by, _KEY_KINDS),
        ("of", outcomes, ("label",)),
        ("of", values, _VALUE_KINDS),
        ("where", aggregate.where, ("label",)),
    ):
        for column in columns:
            if column not in log:
                raise ValueError(f"aggregate `{name}`: `{key}: {column}` is not a column{near_miss(column, log)}")
            if log[column].kind not in kinds:
                wanted = " or ".join(f"`{kind}`" for kind in kinds)
                raise ValueError(
                    f"aggregate `{name}`: `{key}: {column}` is of kind `{log[column].kind}`; it takes one of {wanted}"
                )


def _column(aggregate: Aggregate, log: Mapping[str, Column], user_key: str | None) -> Column:
    role = _role(aggregate, log, user_key)
    if aggregate.compute == "last":
        value = log[aggregate.of[0]]
        role = "user" if role == "activity" else role
        return Column(kind="list", role=role, type=value.value_type, max_length=aggregate.size, table=value.table,
                      default=value.default)  # fmt: skip
    return Column(kind="number", role=role, transform="standardize" if aggregate.compute == "rate" else "log")


def _role(aggregate: Aggregate, log: Mapping[str, Column], user_key: str | None) -> Role:
    """Whose feature it is: the user's or the context's where nothing else is in the key, the item's otherwise."""
    roles = {"activity" if key == user_key else log[key].role for key in aggregate.by}
    if roles <= {"activity", "user"}:
        return "activity"
    return "context" if roles == {"context"} else "item"
