"""What becomes of each type of Arrow's in each kind of column; docs/schema.md shows the same table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import pyarrow as pa

from tfelc.data.values.plain_array import is_list, is_uuid, plain_type
from tfelc.schema.column import Column

# What a column's values become: float32, int8 of 0 and 1, int64, text, int64 of a time, or lists of int64 or text.
Target = Literal["number", "label", "integer", "string", "timestamp", "list"]
TARGETS: tuple[Target, ...] = ("number", "label", "integer", "string", "timestamp", "list")
REFUSED = "refused"
_UUID_BYTES = 16

# Family of types -> what its values become, target by target.
RULES: dict[str, dict[Target, str]] = {
    family: dict(zip(TARGETS, words, strict=True))
    for family, words in {
        "bool": ("0 or 1", "0 or 1", "0 or 1", "`true` or `false`", REFUSED, REFUSED),
        "int, uint": ("float32", "0 or 1", "exact", "its digits", "kept", REFUSED),
        "float": ("float32", "0 or 1", "exact", "digits of a whole one", "kept, or seconds", REFUSED),
        "decimal": ("float32", "0 or 1", "exact", "digits of a whole one", "kept, or seconds", REFUSED),
        "string": ("parsed", "parsed", "parsed", "exact", "parsed", "parsed"),
        "binary": ("as string", "as string", "as string", "as string", "as string", "as string"),
        "fixed binary": ("as string", "as string", "as string", "as string", "as string", "as string"),
        "uuid, fixed binary of 16": (REFUSED, REFUSED, REFUSED, "hexadecimal", REFUSED, REFUSED),
        "date": (REFUSED, REFUSED, REFUSED, "`2026-01-31`", "its midnight", REFUSED),
        "timestamp": (REFUSED, REFUSED, REFUSED, REFUSED, "microseconds", REFUSED),
        "time, duration, interval": (REFUSED,) * 6,
        "list": (REFUSED, REFUSED, REFUSED, REFUSED, REFUSED, "each value"),
        "map, struct, union": (REFUSED,) * 6,
        "null": ("null", "null", "null", "null", "null", "empty"),
    }.items()
}

_FAMILIES: tuple[tuple[Callable[[pa.DataType], bool], str], ...] = (
    (pa.types.is_boolean, "bool"),
    (pa.types.is_integer, "int, uint"),
    (pa.types.is_floating, "float"),
    (pa.types.is_decimal, "decimal"),
    (pa.types.is_string, "string"),
    (pa.types.is_large_string, "string"),
    (pa.types.is_string_view, "string"),
    (pa.types.is_binary, "binary"),
    (pa.types.is_large_binary, "binary"),
    (pa.types.is_binary_view, "binary"),
    (is_uuid, "uuid, fixed binary of 16"),
    (pa.types.is_date, "date"),
    (pa.types.is_timestamp, "timestamp"),
    (pa.types.is_time, "time, duration, interval"),
    (pa.types.is_duration, "time, duration, interval"),
    (pa.types.is_interval, "time, duration, interval"),
    (is_list, "list"),
    (pa.types.is_null, "null"),
)


def target_of(column: Column) -> Target:
    """What a column's values become."""
    by_kind: dict[str, Target] = {
        "number": "number",
        "weight": "number",
        "value": "number",
        "label": "label",
        "group": "string",
        "timestamp": "timestamp",
        "event_time": "timestamp",
        "list": "list",
        "vector": "list",
    }
    return by_kind.get(column.kind) or element_target(column)


def element_target(column: Column) -> Target:
    """What a single value of a category, an id or a list becomes."""
    targets: dict[str, Target] = {"integer": "integer", "float": "number"}
    return targets.get(column.value_type, "string")


def family_of(kind: pa.DataType) -> str:
    """The family of a type, under its dictionary or extension."""
    plain = plain_type(kind)
    if pa.types.is_fixed_size_binary(plain):
        return "uuid, fixed binary of 16" if plain.byte_width == _UUID_BYTES else "fixed binary"
    return next((family for test, family in _FAMILIES if test(plain)), "map, struct, union")


def takes(column: Column, kind: pa.DataType) -> bool:
    """Whether a column takes values of a type; single ones may be refused all the same."""
    family = family_of(kind)
    if RULES[family][target_of(column)] == REFUSED:
        return False
    if family != "list":
        return True
    value_type: Any = plain_type(kind).value_type
    return RULES[family_of(value_type)][element_target(column)] != REFUSED
