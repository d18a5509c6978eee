"""Any array -> 0 and 1."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tfelc.data.values.brought import Brought, Fault, brought
from tfelc.data.values.clean_texts import as_texts
from tfelc.data.values.failing_rows import cast_or_null
from tfelc.data.values.text_bytes import TextBytes, byte_table
from tfelc.data.values.whole_numbers import whole_numbers
from tfelc.schema.column import Column

_LETTERS = byte_table(b"tTfF")
_SHORT = {"t": "1", "f": "0"}


def truths(array: pa.Array, column: Column, is_text: bool) -> Brought:
    """Brings values to int8; whether they are 0 or 1 is not looked at here.

    Args:
        array: Booleans, numbers, decimals, texts or bytes, without encodings.
        column: The column.
        is_text: Whether it comes from a text file, whose cells have no type.
    """
    kind = array.type
    if pa.types.is_boolean(kind):
        return Brought(array.cast(pa.int8()))
    faults: list[Fault] = []
    if pa.types.is_string(kind) or pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind):
        array, faults = as_texts(array, is_text)
        array = _without_words(array, column)
    found = whole_numbers(array, column, is_text)
    values, bad = cast_or_null(found.values, lambda part: part.cast(pa.int8()))
    return brought(values, [*faults, *found.faults, Fault(bad)])


def _without_words(texts: pa.Array, column: Column) -> pa.Array:
    """`1` and `0` for the column's own words, and for `t` and `f`."""
    for digit, words in (("1", column.true_values), ("0", column.false_values)):
        if words:
            texts = pc.if_else(pc.is_in(texts, value_set=pa.array(words, pa.string())), digit, texts)
    places = TextBytes(texts)
    if (places.at(0, _LETTERS) & (places.lengths == 1)).any():
        lower = pc.ascii_lower(texts)
        for letter, digit in _SHORT.items():
            texts = pc.if_else(pc.equal(lower, letter), digit, texts)
    return texts
