"""Any array -> whole numbers, exactly."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.data.values.brought import Brought, Fault, brought
from tfelc.data.values.clean_texts import as_texts, clean_texts, parsed, parsed_each
from tfelc.data.values.failing_rows import cast_or_null
from tfelc.data.values.masks import mask_of, without
from tfelc.data.values.missing_words import without_own_words
from tfelc.data.values.whole_text import whole_texts
from tfelc.schema.column import Column

_SHORT_FORM = r"^[+-]?[0-9]*\.?[0-9]+[eE]"
SHORT_FORM_NOTE = (
    "whole numbers in the short form of a spreadsheet, such as 1.23457E+12, are taken as they stand; "
    "digits that the spreadsheet left out are lost"
)


def whole_numbers(array: pa.Array, column: Column, is_text: bool) -> Brought:
    """Brings values to int64; none goes through a float that could round it.

    Args:
        array: Booleans, numbers, decimals, texts or bytes, without encodings.
        column: The column.
        is_text: Whether it comes from a text file, whose cells have no type.
    """
    kind = array.type
    if pa.types.is_boolean(kind):
        return Brought(array.cast(pa.int64()))
    if pa.types.is_integer(kind):
        values, bad = cast_or_null(array, lambda part: part.cast(pa.int64()))
        return brought(values, [Fault(bad)])
    if pa.types.is_floating(kind):
        return _of_floats(array)
    if pa.types.is_decimal(kind):
        try:
            return Brought(array.cast(pa.int64()))
        except pa.ArrowInvalid:
            return _of_texts(array.cast(pa.string()), column, False)
    texts, faults = as_texts(array, is_text)
    found = _of_texts(texts, column, is_text)
    return brought(found.values, [*faults, *found.faults], found.notes)


def float_limit(kind: pa.DataType) -> float:
    """From here on a float of this type may stand for several whole numbers."""
    return {16: 2.0**11, 32: 2.0**24}.get(kind.bit_width, 2.0**53)


def float_fault(kind: pa.DataType, rows: NDArray[np.bool_]) -> Fault:
    """Whole numbers that a float may have rounded."""
    power = int(np.log2(float_limit(kind)))
    return Fault(rows, f"a {kind} is exact below 2^{power} alone; write the column as whole numbers or text")


def _of_floats(array: pa.Array) -> Brought:
    values = array.cast(pa.float64()).to_numpy(zero_copy_only=False)
    there = ~np.isnan(values)
    large = there & (np.abs(values) >= float_limit(array.type)) & np.isfinite(values)
    broken = there & ~large & (values != np.trunc(values)) | np.isinf(values)
    good = there & ~large & ~broken
    whole = np.where(good, values, 0).astype(np.int64)
    return brought(pa.array(whole, mask=~good), [float_fault(array.type, large), Fault(broken)])


def _of_texts(texts: pa.Array, column: Column, is_text: bool) -> Brought:
    if (values := parsed(texts, column, pa.int64())) is not None:
        return Brought(values)
    cleaned = clean_texts(without_own_words(texts, column), column, is_text)
    digits = whole_texts(cleaned)
    known = ~digits.is_null().to_numpy(zero_copy_only=False)
    values, out_of_range = parsed_each(digits, known, pa.int64())
    bad = ~cleaned.is_null().to_numpy(zero_copy_only=False) & ~known | out_of_range
    short = is_text and mask_of(pc.match_substring_regex(without(cleaned, ~known), _SHORT_FORM)).any()
    return brought(values, [Fault(bad)], (SHORT_FORM_NOTE,) if short else ())
