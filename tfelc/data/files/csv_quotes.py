"""Text whose quotes are brought to the form of CSV while it is read."""

from __future__ import annotations

import warnings

import numpy as np
import pyarrow as pa

from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import DataError
from tfelc.data.files.escaped_quotes import EscapedQuotes

_QUOTE = ord('"')
_MARK = b"\xef\xbb\xbf"


class CsvQuotes:
    r"""A stream of CSV as RFC 4180 has it, of a text that is that, or whose quotes are escaped by a backslash.

    Spark writes `\"` within quotes, where RFC 4180 has `""`; read by the latter's rules, such a text can come out
    with other values and fewer rows, and without an error. A block that holds `\"` is looked into. By RFC 4180 a quote
    that opens stands at the start of a field and one that closes at its end; others are doubled. A block that breaks
    this is read as Spark's if it is that to the letter, and if no block before it could have meant something else.

    Args:
        stream: The text.
        path: Name of the file, for messages.
        delimiter: What separates the columns.

    Raises:
        DataError: From `read`: the quotes are of neither form, or cannot be told.
    """

    def __init__(self, stream: pa.NativeFile, path: str, delimiter: str) -> None:
        self._stream = stream
        self._path = path
        self._delimiter = delimiter
        self._at_edge = np.zeros(256, bool)
        self._at_edge[[ord(delimiter), ord("\n"), ord("\r"), _QUOTE]] = True
        self._inside = False
        # The block after the one that is given, so that an end is known.
        self._next: bytes | None = None
        self._before = b"\n"
        # What was given and would have been read otherwise, had the text been Spark's.
        self._has_escaped_quotes = self._has_escaped_backslashes = False
        self._escaped: EscapedQuotes | None = None
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """Reads some bytes."""
        data = b""
        # A rewritten block may hold nothing that can be judged.
        while not data and self._next != b"":
            block = self._block(size) if self._next is None else self._next
            self._next = self._block(size)
            # An escape must not be torn apart.
            while block.endswith(b"\\") and self._next:
                block, self._next = block + self._next[:1], self._next[1:] or self._block(size)
            data = self._followed(block, not self._next)
        return data

    def close(self) -> None:
        """The stream is closed by who opened it."""
        self.closed = True

    def readable(self) -> bool:
        """It is."""
        return True

    def _block(self, size: int) -> bytes:
        return bytes(self._stream.read(size if size >= 0 else None))

    def _followed(self, block: bytes, is_last: bool) -> bytes:
        if self._escaped is not None:
            return self._rewritten(block, is_last)
        text = block.removeprefix(_MARK) if self._before == b"\n" else block
        has_escapes = b'\\"' in text
        inside = self._inside ^ (text.count(b'"') % 2 == 1)
        if not self._is_sound(text, has_escapes, inside and is_last):
            if self._has_escaped_quotes or self._has_escaped_backslashes:
                self._refuse()
            self._escaped = EscapedQuotes(self._delimiter, self._before, self._inside)
            warnings.warn(
                f'{self._path}: quotes are escaped by a backslash (\\"), as Spark does, and read so',
                DataWarning,
                stacklevel=2,
            )
            return self._rewritten(text, is_last)
        self._has_escaped_quotes |= has_escapes
        self._has_escaped_backslashes |= b"\\\\" in text
        self._inside = inside
        self._before = block[-1:]
        return block

    def _is_sound(self, text: bytes, has_escapes: bool, is_cut_off: bool) -> bool:
        """Whether a block is CSV as RFC 4180 has it; one without escapes is left to the reader."""
        if not has_escapes:
            return not (is_cut_off and self._has_escaped_quotes)
        after = (self._next or b"\n")[:1]
        window = np.frombuffer(self._before + text + after, np.uint8)
        at = np.flatnonzero(window[1:-1] == _QUOTE) + 1
        opens = (np.arange(len(at)) + self._inside) % 2 == 0
        edge = window[np.where(opens, at - 1, at + 1)]
        return bool(self._at_edge[edge].all()) and not is_cut_off

    def _rewritten(self, block: bytes, is_last: bool) -> bytes:
        assert self._escaped is not None
        try:
            return self._escaped.feed(block, is_last)
        except ValueError:
            self._refuse()
            raise

    def _refuse(self) -> None:
        raise DataError(
            f'{self._path}: some quotes are escaped by a backslash (\\"), as Spark does, and some text is not of that '
            "form; write it with Spark's option escape set to a quote, or as Parquet"
        )
