"""What lies in a model's base folder, as TensorFlow Serving reads it."""

from __future__ import annotations

import os
import re
from pathlib import Path

Fingerprint = tuple[tuple[str, int, int], ...]
_VERSION = re.compile(r"\+?[0-9]+", re.ASCII)
_LARGEST = 2**63 - 1
_SHOWN = 3


def find_versions(base: Path) -> dict[int, Path]:
    """The version folders by their number.

    Names are read as TensorFlow Serving reads them: `7`, `007` and `+7` are version 7. Where several folders are the
    same version, the one with the plain name is taken, else the first in alphabetical order.

    Args:
        base: The model's base folder.

    Raises:
        OSError: The folder cannot be read now. That is not the same as holding no versions.
    """
    found: dict[int, Path] = {}
    for name in sorted(os.listdir(base)):
        version = _version_of(name)
        if version is None or not (base / name).is_dir():
            continue
        if version not in found or name == str(version):
            found[version] = base / name
    return found


def fingerprint(path: Path) -> Fingerprint:
    """Names, sizes and times of the files below a folder; what vanishes or cannot be read meanwhile is left out."""
    found = []
    for folder, _, names in os.walk(path):
        for name in names:
            file = os.path.join(folder, name)
            try:
                stat = os.stat(file)
            except OSError:
                continue
            found.append((file, stat.st_size, stat.st_mtime_ns))
    return tuple(sorted(found))


def why_empty(base: Path) -> str:
    """One line that says why a base folder has no versions, and which folder was probably meant."""
    if _is_export(base):
        if _version_of(base.name) is not None:
            return f"{base} is a version folder; its base is {base.parent}"
        return f"{base} is a SavedModel; move it to {base}/1, since a base folder holds one folder a version"
    try:
        names = sorted(os.listdir(base))
    except OSError as error:
        return f"{base}: {error.strerror}"
    bases = [str(base / name) for name in names if _holds_export(base / name)]
    if bases:
        several = "its folders hold them" if len(bases) > 1 else "its folder holds them"
        return f"{base} holds no versions, but {several}: {', '.join(bases[:_SHOWN])}"
    return f"{base} holds no versions, which are folders named by a whole number"


def _version_of(name: str) -> int | None:
    if not _VERSION.fullmatch(name) or len(name) > 64:
        return None
    version = int(name)
    return version if version <= _LARGEST else None


def _is_export(path: Path) -> bool:
    return (path / "saved_model.pb").is_file()


def _holds_export(path: Path) -> bool:
    try:
        return any(_is_export(folder) for folder in find_versions(path).values())
    except OSError:
        return False
