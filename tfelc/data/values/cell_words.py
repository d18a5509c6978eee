"""Cells of a text file that are to stay texts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.data.values.masks import mask_of, without
from tfelc.data.values.missing_words import ESCAPED_NULL
from tfelc.data.values.text_bytes import TextBytes, byte_table
from tfelc.data.values.whole_numbers import SHORT_FORM_NOTE
from tfelc.data.values.whole_text import whole_texts

# 12.0, but not 07.0, which no program writes for a number; 1.2E+11 and 1e+15, but not 1e15, which may be hexadecimal.
_POINT = r"^-?(0|[1-9][0-9]*)\.0+$"
_POWER = r"^-?[1-9](\.[0-9]+[eE][+-]?|[eE]\+)[0-9]{1,2}$"
_NUMERIC_START = byte_table(b"-0123456789")
_DIGIT = byte_table(b"0123456789")
_ZERO = byte_table(b"0")
_POWER_SIGN = byte_table(b"eE+")
_TRUTH_START = byte_table(b"TF")
_BACKSLASH = byte_table(b"\\")
_MISSING_START = byte_table(b"Nn<")
_TRUTHS = {"True": "true", "TRUE": "true", "False": "false", "FALSE": "false"}
_MISSING = pa.array(["NA", "N/A", "<NA>", "null", "NULL", "Null", "None", "NaN", "nan"])
POINT_NOTE = (
    "a text file has no types, so that whole numbers such as 12.0 are read as 12; where 1.0 and 1 are two values, "
    "give a typed file such as Parquet, and a model asks for 12 in requests"
)
KEPT_NOTE = (
    "texts such as 1.0 or True are kept as they are, since the file is typed; from a text file they would be read as "
    "1 or true, so that files of both sorts do not agree"
)
MISSING_NOTE = (
    "holds texts such as NA or null, which are values like any other; name them in `null_values` if they say "
    "that there is none"
)


def cell_words(texts: pa.Array) -> tuple[pa.Array, tuple[str, ...]]:
    r"""Writes what may be spelled in several ways in one, cell by cell, whatever its neighbours are.

    `12.0` becomes `12`, `1.2E+3` `1200`, `True` and `TRUE` `true`; `\N` is null. All else stays to the letter.

    Args:
        texts: Array of texts.

    Returns:
        The texts, and what a user should know of them.
    """
    places = TextBytes(texts)
    notes = []
    if places.hold(b".eE") and (numeric := places.at(0, _NUMERIC_START) & places.at(-1, _DIGIT)).any():
        points = _confirmed(texts, numeric & places.at(-1, _ZERO) & (places.lengths > 2), _POINT)
        signs = places.at(-2, _POWER_SIGN) | places.at(-3, _POWER_SIGN)
        powers = _confirmed(texts, numeric & signs, _POWER)
        if powers.any():
            digits = whole_texts(without(texts, ~powers))
            powers &= ~digits.is_null().to_numpy(zero_copy_only=False)
            texts = pc.if_else(pa.array(powers), digits, texts)
            notes += [SHORT_FORM_NOTE] if powers.any() else []
        if points.any():
            digits = whole_texts(without(texts, ~points))
            texts = pc.if_else(pa.array(points), digits, texts)
            notes.append(POINT_NOTE)
    truths = places.at(0, _TRUTH_START) & ((places.lengths == 4) | (places.lengths == 5))
    if truths.any():
        for word, plain in _TRUTHS.items():
            texts = pc.if_else(pc.equal(texts, word), plain, texts)
    if places.hold(b"\\") and (places.at(0, _BACKSLASH) & (places.lengths == len(ESCAPED_NULL))).any():
        texts = without(texts, mask_of(pc.equal(texts, ESCAPED_NULL)))
    if places.at(0, _MISSING_START).any() and mask_of(pc.is_in(texts, value_set=_MISSING)).any():
        notes.append(MISSING_NOTE)
    return texts, tuple(notes)


def has_cell_forms(texts: pa.Array) -> bool:
    """Whether `cell_words` would write a text in another form."""
    places = TextBytes(texts)
    if places.hold(b"."):
        points = places.at(0, _NUMERIC_START) & places.at(-1, _ZERO) & (places.lengths > 2)
        if points.any() and _confirmed(texts, points, _POINT).any():
            return True
    if not places.hold(b"TF"):
        return False
    truths = places.at(0, _TRUTH_START) & ((places.lengths == 4) | (places.lengths == 5))
    return bool(truths.any() and mask_of(pc.is_in(texts, value_set=pa.array(list(_TRUTHS)))).any())


def _confirmed(texts: pa.Array, candidates: NDArray[np.bool_], pattern: str) -> NDArray[np.bool_]:
    """The candidates that match; only they are looked at, since a pattern takes long."""
    found = np.flatnonzero(candidates)
    confirmed = np.zeros(len(candidates), bool)
    if len(found):
        confirmed[found] = mask_of(pc.match_substring_regex(texts.take(pa.array(found)), pattern))
    return confirmed
