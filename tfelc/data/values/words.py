"""Any array -> text, one for each value whatever the type that held it."""

from __future__ import annotations

import uuid

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tfelc.data.values.brought import Brought, Fault, brought
from tfelc.data.values.cell_words import KEPT_NOTE, cell_words, has_cell_forms
from tfelc.data.values.clean_texts import as_texts
from tfelc.data.values.masks import without
from tfelc.data.values.missing_words import without_own_words
from tfelc.data.values.plain_array import is_uuid
from tfelc.data.values.text_bytes import TextBytes, byte_table
from tfelc.data.values.whole_numbers import float_fault, float_limit
from tfelc.data.values.whole_text import whole_texts
from tfelc.schema.column import Column

_UUID_BYTES = 16
_NUL = byte_table(b"\0")
_MILLISECONDS_A_DAY = 86_400_000


def words(array: pa.Array, column: Column, is_text: bool) -> Brought:
    """Brings values to text.

    A whole number becomes its digits, whether it was an integer, a float or a decimal; a Boolean `true` or `false`. A
    text of a typed file is taken to the letter; a cell of a text file has no type, see `cell_words`.

    Args:
        array: Booleans, numbers, decimals, dates, UUIDs, texts or bytes, without encodings.
        column: The column.
        is_text: Whether it comes from a text file, whose cells have no type.
    """
    kind = array.type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return Brought(array.cast(pa.string()))
    if pa.types.is_floating(kind):
        return _of_floats(array)
    if pa.types.is_decimal(kind):
        # Without the zeros after the point, of which there are as many as the column's scale wants.
        digits = pc.replace_substring_regex(array.cast(pa.string()), r"(\.[0-9]*?)0+$", r"\1")
        digits = pc.replace_substring_regex(digits, r"\.$", "")
        # Of a scale below zero Arrow writes powers of ten.
        return Brought(pc.coalesce(whole_texts(digits), digits) if kind.scale < 0 else digits)
    if pa.types.is_date(kind):
        return _of_dates(array)
    if is_uuid(kind) or (pa.types.is_fixed_size_binary(kind) and kind.byte_width == _UUID_BYTES):
        return _of_sixteen_bytes(array)
    texts, faults = as_texts(array, is_text)
    return _of_texts(texts, faults, column, is_text)


def _of_texts(texts: pa.Array, faults: list[Fault], column: Column, is_text: bool) -> Brought:
    texts = without_own_words(texts, column)
    for word, own in (("true", column.true_values), ("false", column.false_values)):
        if own:
            texts = pc.if_else(pc.is_in(texts, value_set=pa.array(own, pa.string())), word, texts)
    # Many programs end a text at its first NUL, so that two values would become one on the way.
    places = TextBytes(texts)
    padded = places.at(-1, _NUL) if places.hold(b"\0") else np.zeros(len(texts), bool)
    faults.append(Fault(padded, "a text must not end in a NUL byte"))
    notes: tuple[str, ...] = ()
    if is_text:
        texts, notes = cell_words(texts)
    elif has_cell_forms(texts):
        notes = (KEPT_NOTE,)
    return brought(without(texts, padded), faults, notes)


def _of_floats(array: pa.Array) -> Brought:
    values = array.cast(pa.float64()).to_numpy(zero_copy_only=False)
    there = ~np.isnan(values)
    infinite = np.isinf(values)
    whole = there & ~infinite & (values == np.trunc(values))
    large = whole & (np.abs(values) >= float_limit(array.type))
    whole &= ~large
    digits = pa.array(np.where(whole, values, 0).astype(np.int64), mask=~whole).cast(pa.string())
    if (there & ~whole & ~large & ~infinite).any():
        plain = array if not pa.types.is_float16(array.type) else array.cast(pa.float32())
        digits = pc.if_else(pa.array(whole), digits, plain.cast(pa.string()))
    texts = without(digits, ~there | infinite | large)
    return brought(texts, [float_fault(array.type, large), Fault(infinite)])


def _of_dates(array: pa.Array) -> Brought:
    broken = np.zeros(len(array), bool)
    if pa.types.is_date64(array.type):
        milliseconds = pc.fill_null(array.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
        broken = milliseconds % _MILLISECONDS_A_DAY != 0
        array = array.cast(pa.date32(), safe=False)
    return brought(without(array.cast(pa.string()), broken), [Fault(broken, "a date with a time of day")])


def _of_sixteen_bytes(array: pa.Array) -> Brought:
    """UUIDs; in a column that does not say that it holds some, 16 bytes of plain ASCII are a text."""
    marked = is_uuid(array.type)
    found: list[str | None] = []
    for value in (array.storage if marked else array).to_pylist():
        if value is None:
            found.append(None)
        elif not marked and (text := value.rstrip(b"\0")).isascii() and text.decode("ascii").isprintable():
            found.append(text.decode("ascii"))
        else:
            found.append(str(uuid.UUID(bytes=value)))
    return Brought(pa.array(found, pa.string()))
