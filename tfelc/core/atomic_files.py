"""Files that are either whole or absent."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Gives a temporary name to write to, on the same file system; the file takes its own name once it is whole.

    Raises:
        OSError: What the disk said, with the file's own name, which a failed write does not carry.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "scores.txt")
        ...     with atomic_write(path) as temporary:
        ...         _ = temporary.write_text("0.5")
        ...     path.read_text()
        '0.5'
    """
    # No number of a process: on a shared disk another machine may have the same one.
    temporary = path.with_name(f".{path.name}.{token_hex(8)}.tmp")
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Writes a text file, whole or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_bytes(path: Path, content: bytes) -> None:
    """Writes a file of bytes, whole or not at all."""
    with atomic_write(path) as temporary:
        temporary.write_bytes(content)
