"""The paper's format of sequences: `user item item ...` a line, oldest first."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.id_numbers import numbered
from tfelc.next_item.data.sequences import Sequences

_SPACES = b" \t\r\n\v\f"


def read_sequence_file(path: Path, name: str | None = None) -> Sequences:
    """Reads a `.txt` or `.txt.gz` file; words are parted by white space.

    Items are numbered in the order of their ids. Where the ids are the whole numbers 1 to N, as in the public files, an
    item's number is its id. Ids that are not all plain whole numbers are words: any UTF-8 text without white space.

    Args:
        path: The file.
        name: What to call the data. Defaults to the file's name without its ending.

    Raises:
        DataError: The file is missing, empty or unreadable; a line is empty, has no item or is not UTF-8; or two lines
            have the same user.
    """
    path = Path(path)
    text = _read(path)
    bytes_ = np.frombuffer(text, np.uint8)
    space = np.isin(bytes_, np.frombuffer(_SPACES, np.uint8))
    starts = np.flatnonzero(~space & np.concatenate([[True], space[:-1]]))
    line_ends = np.flatnonzero(bytes_ == ord("\n"))
    if not text.endswith(b"\n"):
        line_ends = np.append(line_ends, len(text))
    counts = np.diff(np.searchsorted(starts, line_ends), prepend=0)
    if (counts < 2).any():
        line = int(np.argmax(counts < 2))
        what = "is empty" if counts[line] == 0 else "has a user and no item"
        raise DataError(f"{path}: line {line + 1} {what}; a line is `user item item ...`")

    words = np.array(text.split(), dtype=object)
    users = np.cumsum(counts) - counts
    user_ids, user_codes = numbered(words[users])
    if len(user_ids) < len(counts):
        _refuse_repeat(path, user_ids, user_codes)
    catalog, items = numbered(np.delete(words, users))
    offsets = np.concatenate([[0], np.cumsum(counts - 1)])
    name = name or path.name.removesuffix(".gz").removesuffix(".txt")
    return Sequences(user_ids[user_codes], catalog, offsets, (items + 1).astype(np.int32), None, name)


def _read(path: Path) -> bytes:
    try:
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: not a readable sequence file: {' '.join(str(error).split())}") from None
    text = text.removeprefix(b"\xef\xbb\xbf")
    if not text.strip():
        raise DataError(f"{path}: the file is empty")
    try:
        text.decode()
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        raise DataError(f"{path}: line {line} is not UTF-8 text") from None
    return text


def _refuse_repeat(path: Path, ids: NDArray[Any], codes: NDArray[np.int64]) -> None:
    _, first = np.unique(codes, return_index=True)
    again = int(np.setdiff1d(np.arange(len(codes)), first)[0])
    earlier = int(first[codes[again]])
    raise DataError(
        f"{path}: lines {earlier + 1} and {again + 1} have the same user `{ids[codes[again]]}`; join them in one line"
    )
