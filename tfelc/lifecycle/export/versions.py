"""The versions of a model base folder, as TensorFlow Serving reads them: `BASE/<integer>/`, each whole or absent."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tfelc.core.errors import ExportError, UsageError
from tfelc.core.temporary_folder import temporary_folder

_TEMPORARY = ".tmp-"
_CANDIDATE = ".candidate-"
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)


def list_versions(base: Path) -> list[int]:
    """The versions under `base`, ascending; entries whose name is not an integer are none, as in TensorFlow Serving."""
    if not base.is_dir():
        return []
    return sorted(int(entry.name) for entry in base.iterdir() if entry.name.isascii() and entry.name.isdigit())


def version_folder(path: Path) -> Path:
    """The version that a path names: itself, or the latest one of a base folder.

    Raises:
        UsageError: There is no such folder, or it is no version and holds none.
    """
    if not path.is_dir():
        raise UsageError(f"{path}: no such folder; name an exported version, BASE/<version>, or BASE for the latest")
    if is_version(path):
        return path
    if versions := list_versions(path):
        return path / str(versions[-1])
    raise UsageError(f"{path}: holds no version, BASE/<integer>; `tfelc export` writes one")


def is_version(path: Path) -> bool:
    """Whether a folder is named as a version is, by an integer."""
    name = path.resolve().name
    return name.isascii() and name.isdigit()


class PendingVersion:
    """A version under construction.

    Attributes:
        path: The folder to write to. Once the version is published, the folder that is served.
        version: Its number once it is published, None before.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.version: int | None = None


@contextmanager
def new_version(base: Path) -> Iterator[PendingVersion]:
    """Gives a temporary folder on the same file system, and publishes it as the next version when the block ends well.

    The next version is the largest one plus 1. What was written is flushed to the disk before the folder takes its
    name, so neither a server that polls `base` nor a power cut sees a part of it. After an exception nothing is left;
    what a killed process left is removed by the next one.

    Args:
        base: Path. The model's base folder; made where it is missing.

    Raises:
        ExportError: `base` cannot be made or written to.

    Example:
        >>> with new_version(Path("exports/ctr")) as pending:  # doctest: +SKIP
        ...     model.export(pending.path)
        >>> pending.version  # doctest: +SKIP
        1
    """
    with ExitStack() as stack:
        temporary = _entered(stack, base, _TEMPORARY)
        pending = PendingVersion(temporary)
        yield pending
        # The temporary folder is private to its maker; the server may run as another user.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o777 & ~umask)
        pending.version = take_version(temporary, base)
        pending.path = base / str(pending.version)


@contextmanager
def candidate_base(base: Path) -> Iterator[Path]:
    """A base folder for a version that may become one of `base`, on the same file system; no server sees it.

    It is removed in the end, with what is left in it. What a killed process left is removed by the next one.

    Args:
        base: Path. The model's base folder; made where it is missing.

    Raises:
        ExportError: `base` cannot be made or written to.
    """
    with ExitStack() as stack:
        folder = _entered(stack, base, _CANDIDATE)
        # Within it: the folder itself is locked, as what is being written.
        yield folder / base.resolve().name


def _entered(stack: ExitStack, base: Path, prefix: str) -> Path:
    """A temporary folder in the base folder, which is made where it is missing, for as long as the stack is open."""
    try:
        base.mkdir(parents=True, exist_ok=True)
        made = temporary_folder(base, f"{prefix}*", lambda: Path(tempfile.mkdtemp(prefix=prefix, dir=base)))
        return stack.enter_context(made)
    except OSError as error:
        raise ExportError(f"{base}: cannot be written to: {error.strerror}") from error


def take_version(folder: Path, base: Path) -> int:
    """Names a folder as the next version of `base`, whole on the disk before it has its name; returns its number."""
    _flush(folder)
    version = _publish(folder, base)
    _flush_folder(base)
    return version


def _publish(temporary: Path, base: Path) -> int:
    while True:
        version = max(list_versions(base), default=0) + 1
        try:
            temporary.rename(base / str(version))
        except OSError as error:
            # Another export took the number in between.
            if error.errno not in _TAKEN:
                raise
        else:
            return version


def _flush(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        for name in names:
            with open(Path(parent, name), "rb") as file:
                os.fsync(file.fileno())
        _flush_folder(Path(parent))


def _flush_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
