"""Texts that are to become numbers, times or truths: as they stand, or cleaned where that does not do."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.data.values.brought import Fault
from tfelc.data.values.failing_rows import cast_or_null
from tfelc.data.values.masks import without
from tfelc.data.values.missing_words import without_own_words, without_usual_words
from tfelc.data.values.text_bytes import TextBytes, byte_table
from tfelc.schema.column import Column

_X = byte_table(b"xX")
_TRUTHS = {"true": "1", "false": "0"}


def as_texts(array: pa.Array, is_text: bool = False) -> tuple[pa.Array, list[Fault]]:
    """Bytes as texts, without the NULs that fill those of one width up; texts stay.

    Args:
        array: Texts or bytes.
        is_text: Whether they come from a text file, whose reader has looked at the bytes. Defaults to False.
    """
    kind = array.type
    if pa.types.is_string(kind):
        if is_text:
            return array, []
        try:
            array.validate(full=True)
            return array, []
        except pa.ArrowInvalid:  # a Parquet file may call anything a text
            pass
    raw = array.cast(pa.binary())
    if pa.types.is_fixed_size_binary(kind):
        lengths = TextBytes(raw).lengths
        values = [None if value is None else value.rstrip(b"\0") for value in raw.to_pylist()] if lengths.any() else raw
        raw = pa.array(values, pa.binary())
    texts, bad = cast_or_null(raw, lambda part: part.cast(pa.string()))
    return texts, [Fault(bad, "bytes that are no UTF-8 text")]


def clean_texts(texts: pa.Array, column: Column, is_text: bool) -> pa.Array:
    """Without spaces around; null where a word says so; `1` and `0` for `true` and `false`."""
    cleaned = without_usual_words(pc.utf8_trim_whitespace(texts), is_text)
    lower = pc.utf8_lower(cleaned)
    for word, digit in _TRUTHS.items():
        cleaned = pc.if_else(pc.equal(lower, word), digit, cleaned)
    return cleaned


def parsed(texts: pa.Array, column: Column, target: pa.DataType) -> pa.Array | None:
    """A whole array parsed at once; None where a value needs a closer look.

    Arrow takes `0x1f` for a whole number, which the closer look refuses.
    """
    try:
        values = without_own_words(texts, column).cast(target)
    except pa.ArrowInvalid:
        return None
    if pa.types.is_integer(target):
        places = TextBytes(texts)
        if places.hold(b"xX") and places.at(1, _X).any():
            return None
    return values


def parsed_each(texts: pa.Array, known: NDArray[np.bool_], target: pa.DataType) -> tuple[pa.Array, NDArray[np.bool_]]:
    """Parses the texts that are known to be well formed; the others, and what is out of range, are bad."""
    there = ~texts.is_null().to_numpy(zero_copy_only=False)
    values, failed = cast_or_null(without(texts, ~known), lambda part: part.cast(target))
    return values, (there & ~known) | failed
