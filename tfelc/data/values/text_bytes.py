"""Looks at the first and last bytes of many texts at once, which is many times faster than a pattern."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


class TextBytes:
    """The bytes of texts by their place.

    Args:
        texts: Array of `pa.string()` or `pa.binary()`.
    """

    def __init__(self, texts: pa.Array) -> None:
        _, offsets, data = texts.buffers()
        places = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1] if offsets else None
        self._starts: NDArray[Any] = np.zeros(len(texts), np.int32) if places is None else places[:-1]
        self._ends: NDArray[Any] = np.zeros(len(texts), np.int32) if places is None else places[1:]
        self._data = np.frombuffer(data, np.uint8) if data and data.size else np.zeros(1, np.uint8)

    @property
    def lengths(self) -> NDArray[np.int32]:
        """Bytes of each text."""
        return self._ends - self._starts

    def at(self, place: int, of: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Whether the byte at a place is one of some; a negative place counts from the end, no byte is none of them.

        Args:
            place: The place.
            of: Table of 256, true for the bytes wanted.
        """
        inside = self.lengths > (place if place >= 0 else -place - 1)
        index = np.where(inside, self._starts + place if place >= 0 else self._ends + place, 0)
        found: NDArray[np.bool_] = of[self._data[index]].astype(bool) & inside
        return found


def byte_table(characters: bytes) -> NDArray[np.uint8]:
    """The table of some bytes that `TextBytes.at` takes."""
    table = np.zeros(256, np.uint8)
    table[list(characters)] = 1
    return table
