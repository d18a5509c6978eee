"""Any array -> float32."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from tfelc.data.values.brought import Brought, Fault, brought
from tfelc.data.values.clean_texts import as_texts, clean_texts, parsed, parsed_each
from tfelc.data.values.masks import mask_of
from tfelc.data.values.missing_words import without_own_words
from tfelc.schema.column import Column

_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?(?i:inf|infinity)$"


def numbers(array: pa.Array, column: Column, is_text: bool) -> Brought:
    """Brings values to float32, rounded as float32 rounds; NaN becomes null.

    Args:
        array: Booleans, numbers, decimals, texts or bytes, without encodings.
        column: The column.
        is_text: Whether it comes from a text file, whose cells have no type.
    """
    kind = array.type
    if pa.types.is_string(kind) or pa.types.is_binary(kind) or pa.types.is_fixed_size_binary(kind):
        texts, faults = as_texts(array, is_text)
        if (values := parsed(texts, column, pa.float32())) is not None:
            return brought(_without_nan(values), faults)
        cleaned = clean_texts(without_own_words(texts, column), column, is_text)
        known = mask_of(pc.match_substring_regex(cleaned, _NUMBER))
        values, bad = parsed_each(cleaned, known, pa.float32())
        return brought(_without_nan(values), [*faults, Fault(bad)])
    # Float32 rounds a whole number beyond 2^24 as it rounds any other number; pyarrow would refuse it.
    return Brought(_without_nan(array.cast(pa.float32(), safe=not pa.types.is_integer(kind))))


def _without_nan(values: pa.Array) -> pa.Array:
    is_nan = pc.is_nan(values)
    return pc.if_else(is_nan, pa.scalar(None, values.type), values) if pc.any(is_nan).as_py() else values
