"""Files as streams of bytes, unpacked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import fsspec
import pyarrow as pa

_TAIL = 1 << 16


@contextmanager
def opened(path: str, compression: str | None = None) -> Iterator[pa.NativeFile]:
    """Opens a file for reading from its start.

    Args:
        path: Local path, or a URL that fsspec opens.
        compression: What it is compressed with as a whole, as pyarrow calls it.
    """
    with ExitStack() as stack:
        if "://" in path:
            source = pa.PythonFile(stack.enter_context(fsspec.open(path, "rb")), mode="r")
        else:
            source = stack.enter_context(pa.OSFile(path))
        if compression is not None:
            source = stack.enter_context(pa.CompressedInputStream(source, compression))
        yield source


def size_and_tail(path: str) -> tuple[int, str]:
    """The size of a file, and the SHA-256 of its last 64 KiB."""
    with fsspec.open(path, "rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        return int(size), hashlib.sha256(file.read()).hexdigest()
