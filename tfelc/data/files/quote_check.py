"""Text that is checked for quotes that CSV does not have, while it is read."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tfelc.core.errors import DataError

_QUOTE = ord('"')


class QuoteCheck:
    r"""A stream of CSV that raises DataError where quotes are escaped by a backslash, as Spark writes them.

    Such a text can go through a reader of RFC 4180 without an error and come out with other values and fewer rows. A
    block that holds `\"` is looked into: a quote that opens must stand at the start of a field, one that closes
    at its end; others are doubled.

    Args:
        stream: The text.
        path: Name of the file, for the message.
        delimiter: What separates the columns.
    """

    def __init__(self, stream: pa.NativeFile, path: str, delimiter: str) -> None:
        self._stream = stream
        self._path = path
        self._at_edge = np.zeros(256, bool)
        self._at_edge[[ord(delimiter), ord("\n"), ord("\r"), _QUOTE]] = True
        self._inside = False
        self._has_backslash = False
        # The last two bytes: what stands at the edge of a block is judged with the next one.
        self._carry = b""
        self.closed = False

    def read(self, size: int = -1) -> bytes:
        """Reads some bytes."""
        data = bytes(self._stream.read(size if size >= 0 else None))
        self._follow(data)
        return data

    def close(self) -> None:
        """The stream is closed by who opened it."""
        self.closed = True

    def readable(self) -> bool:
        """It is."""
        return True

    def _follow(self, data: bytes) -> None:
        start = self._carry or b"\n\n"
        if not self._carry and data.startswith(b"\xef\xbb\xbf"):
            data = data[3:]
        window = start + (data or b"\n")
        if b'\\"' in window:
            self._has_backslash = True
            self._look(window)
        elif window.count(b'"', 1, len(window) - 1) % 2:
            self._inside = not self._inside
        self._carry = window[-2:]
        if not data and self._inside and self._has_backslash:
            self._refuse()

    def _look(self, window: bytes) -> None:
        text = np.frombuffer(window, np.uint8)
        at = np.flatnonzero(text[1:-1] == _QUOTE) + 1
        opens = (np.arange(len(at)) + self._inside) % 2 == 0
        edge = text[np.where(opens, at - 1, at + 1)]
        if not self._at_edge[edge].all():
            self._refuse()
        self._inside ^= len(at) % 2 == 1

    def _refuse(self) -> None:
        raise DataError(
            f"{self._path}: quotes are escaped by a backslash (\\\"), as Spark does; write it with Spark's option "
            "escape set to a quote, or as Parquet"
        )
