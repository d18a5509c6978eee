"""An exported version as batch scoring uses it, whatever kind of model it holds."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

from tfelc.core.errors import ExportError
from tfelc.lifecycle.export.manifest import Manifest
from tfelc.lifecycle.export.session_runner import SessionRunner
from tfelc.lifecycle.export.versions import version_folder

M = TypeVar("M", bound=Manifest)
# The index holds a checksum of every weight.
_IDENTITY = ("saved_model.pb", "variables/variables.index")


class ExportedModel(Generic[M]):
    """One exported version; the graph is loaded when it is first needed.

    Args:
        path: The version's folder, BASE/<version>, or BASE, which stands for its latest version.
        manifest: What the kind of model says of itself.

    Raises:
        UsageError: The folder is missing, or neither is a version nor holds one.
        ExportError: It holds no export of tfelc, or one of another kind of model.
    """

    def __init__(self, path: Path, manifest: type[M]) -> None:
        self.path = version_folder(Path(path))
        self.version = int(self.path.resolve().name)
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

    def use(self, runner: SessionRunner) -> None:
        """Takes a session that holds this version already, rather than load one."""
        self.__dict__["runner"] = runner

    @cached_property
    def runner(self) -> SessionRunner:
        """The session; loaded when it is first asked for."""
        return SessionRunner(self.path)
