"""CSV whose quotes are escaped by a backslash -> CSV whose quotes are doubled."""

from __future__ import annotations

import re

# Within quotes a backslash stands before a quote or another backslash: Spark doubles it there, and only there.
_INSIDE = rb'"[^"\\]*(?:\\["\\][^"\\]*)*'
# One that goes on, or whose last byte cannot be judged without the next one.
_OPEN = re.compile(_INSIDE + rb'["\\]?')
_ESCAPE = re.compile(rb'\\(["\\])')


class EscapedQuotes:
    r"""Rewrites text piece by piece: within quotes `\"` becomes `""`, and `\\` becomes `\`; all else stays.

    Args:
        delimiter: What separates the columns.
        before: The byte before the text. Defaults to the end of a line.
        is_inside: Whether the text goes on within quotes. Defaults to False.

    Example:
        >>> print(EscapedQuotes(",").feed(rb'1,"a \"b\" c",C:\d', is_last=True).decode())
        1,"a ""b"" c",C:\d
    """

    def __init__(self, delimiter: str, before: bytes = b"\n", is_inside: bool = False) -> None:
        edge = rb"[\r\n" + re.escape(delimiter.encode()) + rb"]"
        self._field = re.compile(rb"(?<=" + edge + rb")" + _INSIDE + rb'"(?=' + edge + rb")")
        self._edge = re.compile(edge)
        # What is not rewritten yet, behind bytes that are there for its sake alone.
        self._waiting = b'\n"' if is_inside else before
        self._known = len(self._waiting)

    def feed(self, data: bytes, is_last: bool) -> bytes:
        """Rewrites as much as can be judged.

        Args:
            data: The next piece.
            is_last: Whether none comes after it.

        Raises:
            ValueError: The text is not of that form: a quote stands amid a field, or within quotes a backslash before
                anything else.
        """
        text = self._waiting + data + (b"\n" if is_last else b"")
        pieces, done = [], 0
        for match in self._field.finditer(text):
            pieces += [_without_quotes(text[done : match.start()]), _doubled(match[0])]
            done = match.end()
        end = text.find(b'"', done)
        if end < 0:
            end = len(text)
        elif is_last or not self._edge.fullmatch(text, end - 1, end) or not _OPEN.fullmatch(text, end):
            raise ValueError
        if end < self._known:
            self._waiting = text
            return b""
        found = b"".join([*pieces, text[done:end]])[self._known :]
        self._waiting, self._known = text[end - 1 :], 1
        return found[:-1] if is_last else found


def _doubled(field: bytes) -> bytes:
    if b"\\" not in field:
        return field
    return _ESCAPE.sub(lambda found: b'""' if found[1] == b'"' else b"\\", field)


def _without_quotes(text: bytes) -> bytes:
    if b'"' in text:
        raise ValueError
    return text
