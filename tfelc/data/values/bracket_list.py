"""One list in brackets, such as `['a', "b"]`, `[1, 2]` or `[]`."""

from __future__ import annotations

import ast
import json
import re

import pyarrow as pa

from tfelc.data.values.cell_words import cell_words

# A quoted value, or a bare one without spaces, and what must follow it.
_VALUE = re.compile(
    r"""\s*(?:(?P<double>"(?:[^"\\]|\\.)*")|(?P<single>'(?:[^'\\]|\\.|'')*')|(?P<bare>[^\s,\[\]{}()"'|\\]+))\s*(?P<end>[,\]])""",
    re.DOTALL,
)
_EMPTY = re.compile(r"\[\s*\]")
_MISSING = frozenset(["null", "none", "nan", "na", "<na>"])


def bracket_list(text: str) -> list[str | None] | None:
    """The values of a list in brackets; None where the text is none.

    Quoted values are taken to the letter, bare ones as cells of a text file are. Nothing is evaluated: values without a
    comma between them, as NumPy prints them, are no list.

    Args:
        text: The text.
    """
    text = text.strip()
    if _EMPTY.fullmatch(text):
        return []
    if not text.startswith("["):
        return None
    values: list[str | None] = []
    place = 1
    while (match := _VALUE.match(text, place)) is not None:
        try:
            values.append(_value(match))
        except (ValueError, SyntaxError):
            return None
        place = match.end()
        if match["end"] == "]":
            return values if place == len(text) else None
    return None


def _value(match: re.Match[str]) -> str | None:
    if (double := match["double"]) is not None:
        try:
            return str(json.loads(double, strict=False))
        except ValueError:  # Python knows escapes that JSON does not
            return str(ast.literal_eval(double))
    if (single := match["single"]) is not None:
        # SQL doubles a quote where Python puts a backslash before it.
        inside = re.sub(r"(\\.)|''", lambda found: found[1] or "\\'", single[1:-1], flags=re.DOTALL)
        return str(ast.literal_eval(f"'{inside}'"))
    bare: str = match["bare"]
    if bare.lower() in _MISSING:
        return None
    texts, _ = cell_words(pa.array([bare]))
    found: str | None = texts[0].as_py()
    return found
