"""One array -> a column's type, by the one set of rules."""

from __future__ import annotations

import pyarrow as pa

from tfelc.data.values.brought import Brought
from tfelc.data.values.lists import lists
from tfelc.data.values.moments import moments
from tfelc.data.values.numbers import numbers
from tfelc.data.values.plain_array import plain_array
from tfelc.data.values.truths import truths
from tfelc.data.values.type_rules import target_of
from tfelc.data.values.whole_numbers import whole_numbers
from tfelc.data.values.words import words
from tfelc.schema.column import Column


def bring(
    array: pa.Array, column: Column, target: pa.DataType, is_text: bool = False, in_seconds: bool = False
) -> Brought:
    """Brings an array to a column's type, exactly, or says which rows it cannot be done for.

    Args:
        array: The values, of a type that the column takes; see `takes`.
        column: The column, with the schema's own words for what is missing, true and false.
        target: Arrow type of the column.
        is_text: Whether it comes from a text file, whose cells have no type. Defaults to False.
        in_seconds: Whether times that are bare numbers are seconds, to become microseconds. Defaults to False.
    """
    array = plain_array(array)
    if pa.types.is_null(array.type):
        empty = pa.array([[]] * len(array), target) if pa.types.is_list(target) else pa.nulls(len(array), target)
        return Brought(empty)
    kind = target_of(column)
    if kind == "timestamp":
        return moments(array, column, is_text, in_seconds).brought
    readers = {"number": numbers, "label": truths, "integer": whole_numbers, "string": words, "list": lists}
    return readers[kind](array, column, is_text)
