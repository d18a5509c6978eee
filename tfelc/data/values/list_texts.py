"""Texts that hold a list: values with a separator between them, or in the brackets of JSON, Python or SQL."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.data.values.bracket_list import bracket_list
from tfelc.data.values.masks import mask_of, without
from tfelc.data.values.missing_words import ESCAPED_NULL, usual_words
from tfelc.data.values.plain_array import list_array
from tfelc.data.values.text_bytes import TextBytes, byte_table

_OPENING = byte_table(b"[{(")
_BLANK = byte_table(b" ")
_BARE = r"""[^\s,\[\]{}()"'|\\]+"""
# Lists that need no closer look: bare values, and quoted ones without quotes or backslashes inside.
_SIMPLE = (
    (rf"^\[ *{_BARE}( *, *{_BARE})* *\]$", r"^\[ *| *\]$", r" *, *"),
    (r"^\[ *'[^'\\]*'( *, *'[^'\\]*')* *\]$", r"^\[ *'|' *\]$", r"' *, *'"),
    (r'^\[ *"[^"\\]*"( *, *"[^"\\]*")* *\]$', r'^\[ *"|" *\]$', r'" *, *"'),
)
OTHER_FORM = 'looks like a list of another form; write ["a", "b"], or a|b with the `separator` between'
SEPARATOR_NOTE = (
    "has texts such as `a, b` without the `separator` between, each of which is one value; name another `separator` "
    "in the schema if they are lists"
)


@dataclass(frozen=True)
class ListTexts:
    """Texts taken apart.

    Attributes:
        lists: Lists of texts.
        exact: Rows whose values were quoted, or are as they are to be; the others' are like cells of a text file.
        bad: Rows that look like a list and are none that can be read.
        notes: What a user should know.
    """

    lists: pa.ListArray
    exact: NDArray[np.bool_]
    bad: NDArray[np.bool_]
    notes: tuple[str, ...]


def list_texts(texts: pa.Array, separator: str) -> ListTexts:
    """Takes texts apart; empty ones and null are empty lists.

    Args:
        texts: Array of texts.
        separator: What stands between values outside of brackets.
    """
    places = TextBytes(texts)
    count = len(texts)
    opening = places.at(0, _OPENING) if places.hold(b"[{(") else np.zeros(count, bool)
    if places.hold(b" ") and places.at(0, _BLANK).any():
        opening |= mask_of(pc.match_substring_regex(texts, r"^\s+[\[{(]"))
    empty = (places.lengths == 0) | texts.is_null().to_numpy(zero_copy_only=False)
    if places.hold(b"\\"):
        empty |= mask_of(pc.equal(texts, ESCAPED_NULL))
    plain = ~opening & ~empty
    exact, bad = np.zeros(count, bool), np.zeros(count, bool)
    # Null where there is no such text: an empty one would be a list of one value.
    outside = without(texts, ~plain)
    split = pc.split_pattern(outside, separator)
    values = split.flatten()
    notes = _notes(outside, len(values))
    lists = list_array(split, values)
    if not opening.any():
        return ListTexts(lists, exact, bad, notes)
    parts, rows = [lists.filter(pa.array(~opening))], [np.flatnonzero(~opening)]
    left = opening
    for pattern, ends, between in _SIMPLE:
        matched = np.zeros(count, bool)
        here = np.flatnonzero(left)
        matched[here] = mask_of(pc.match_substring_regex(texts.take(pa.array(here)), pattern))
        inside = pc.replace_substring_regex(texts.filter(pa.array(matched)), ends, "")
        is_bare = between == _SIMPLE[0][2]
        split = pc.split_pattern_regex(inside, between)
        parts.append(list_array(split, without(split.flatten(), usual_words(split.flatten()))) if is_bare else split)
        rows.append(np.flatnonzero(matched))
        exact |= matched & (not is_bare)
        left = left & ~matched
    if left.any():
        found = [bracket_list(text) for text in texts.filter(pa.array(left)).to_pylist()]
        bad[left] = [values is None for values in found]
        exact |= left
        parts.append(pa.array([values or [] for values in found], pa.list_(pa.string())))
        rows.append(np.flatnonzero(left))
    lists = pa.concat_arrays(parts).take(pa.array(np.argsort(np.concatenate(rows), kind="stable")))
    return ListTexts(lists, exact, bad, notes)


def _notes(texts: pa.Array, values: int) -> tuple[str, ...]:
    """What to say where no text has the separator."""
    if values > len(texts) - texts.null_count:
        return ()
    several = mask_of(pc.match_substring_regex(texts, r"[,; |].*[^,; |]")).any()
    return (SEPARATOR_NOTE,) if several else ()
