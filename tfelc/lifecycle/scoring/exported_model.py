"""An exported version as batch scoring uses it, whatever kind of model it holds."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

from tfelc.core.errors import ExportError, UsageError
from tfelc.lifecycle.export.manifest import Manifest
from tfelc.lifecycle.export.session_runner import SessionRunner
from tfelc.lifecycle.export.versions import list_versions

M = TypeVar("M", bound=Manifest)
# The index holds a checksum of every weight.
_IDENTITY = ("saved_model.pb", "variables/variables.index")


class ExportedModel(Generic[M]):
    """One exported version; the graph is loaded when it is first needed.

    Args:
        path: The version's folder, BASE/<version>.
        manifest: What the kind of model says of itself.

    Raises:
        UsageError: The folder is missing, or is not a version's but the base folder.
        ExportError: It holds no export of tfelc, or one of another kind of model.
    """

    def __init__(self, path: Path, manifest: type[M]) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise UsageError(f"{self.path}: no such folder; name an exported version, BASE/<version>")
        name = self.path.resolve().name
        if not (name.isascii() and name.isdigit()):
            versions = ", ".join(map(str, list_versions(self.path)))
            hint = f"it holds the versions {versions}: name one of them" if versions else "no version, BASE/<integer>"
            raise UsageError(f"{self.path}: {hint}")
        self.version = int(name)
        self.manifest = manifest.load(self.path)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the graph and the weights' checksums."""
        digest = hashlib.sha256()
        for name in _IDENTITY:
            try:
                digest.update((self.path / name).read_bytes())
            except OSError as error:
                raise ExportError(f"{self.path / name}: cannot be read: {error.strerror}") from None
        return digest.hexdigest()

    def load(self) -> None:
        """Loads the graph now rather than when it is first needed; raises ExportError where it cannot be."""
        _ = self.runner

    @cached_property
    def runner(self) -> SessionRunner:
        """The session; loaded when it is first asked for."""
        return SessionRunner(self.path)
