"""Texts of whole numbers -> their digits."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from tfelc.data.values.masks import mask_of

_PLAIN = r"^[+-]?[0-9]+$"
_POINT = r"^[+-]?[0-9]+\.0*$"
_POWER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]{1,3}$"
_MOST_DIGITS = 40


def whole_texts(texts: pa.Array) -> pa.Array:
    """The digits of every text that is a whole number in some form, such as `12`, `+12`, `12.0` or `1.2E+1`; else null.

    Nothing goes through a float, so that no digit is lost.
    """
    plain = mask_of(pc.match_substring_regex(texts, _PLAIN))
    point = mask_of(pc.match_substring_regex(texts, _POINT))
    short = pc.if_else(pa.array(plain), texts, pa.scalar(None, pa.string()))
    if point.any():
        short = pc.if_else(pa.array(point), pc.replace_substring_regex(texts, r"\.0*$", ""), short)
    rest = ~plain & ~point
    if rest.any():
        power = mask_of(pc.match_substring_regex(texts, _POWER)) & rest
        if power.any():
            written = {text: _digits(text) for text in pc.unique(texts.filter(pa.array(power))).to_pylist()}
            found = pc.index_in(texts, value_set=pa.array(list(written)))
            digits = pa.array(list(written.values()), pa.string()).take(found)
            short = pc.if_else(pa.array(power), digits, short)
    # A sign that says nothing, zeros in front, and the minus of a zero.
    return pc.replace_substring_regex(pc.replace_substring_regex(short, r"^(-?)\+?0*([0-9])", r"\1\2"), "^-0$", "0")


def _digits(text: str) -> str | None:
    number = Decimal(text)
    if number.adjusted() > _MOST_DIGITS or number != number.to_integral_value():
        return None
    return f"{int(number)}"
