"""A model written as a SavedModel, verified, and only then published as a version."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import tensorflow as tf

from tfelc.core.errors import ExportError
from tfelc.lifecycle.export.manifest import Manifest
from tfelc.lifecycle.export.request_log import LoggedRequest
from tfelc.lifecycle.export.verify import Differences, verify
from tfelc.lifecycle.export.versions import new_version
from tfelc.lifecycle.export.warmup import write_warmup

_DISK_FAULTS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES)


class SignedModule(Protocol):
    """What a SavedModel is made of: a `tf.Module` with its signatures."""

    def signatures(self) -> dict[str, Any]:
        """One traced function for each signature."""


@dataclass(frozen=True)
class Published:
    """A published version.

    Attributes:
        version: Its number.
        path: Its folder.
        differences: Signature -> output -> largest difference from the trained model's answers.
    """

    version: int
    path: Path
    differences: Differences


def publish(
    base: Path,
    manifest: Manifest,
    module: Callable[[Path], SignedModule],
    warmup: Sequence[LoggedRequest],
    requests: Callable[[], Iterable[LoggedRequest]],
    progress: Callable[[str], None] = lambda step: None,
) -> Published:
    """Publishes a model as the next version under `base`, once a fresh process has answered as it is expected to.

    Args:
        base: The model's base folder.
        manifest: What the model says of itself.
        module: Makes the module, given the manifest's file, which goes among its assets.
        warmup: The warm-up requests.
        requests: Makes the requests that it is verified with, and their answers.
        progress: Called with the name of each step.

    Raises:
        ExportError: `base` cannot be written to, or an answer differs. Nothing is left behind.
    """
    try:
        with new_version(base) as pending:
            progress("writing the graph")
            _write(manifest, module, warmup, pending.path)
            progress("verifying in a fresh process")
            # On the CPU, where the verification computes too: a GPU rounds matrix products to fewer bits.
            with tf.device("/CPU:0"):
                expected = list(requests())
            differences = verify(pending.path, expected)
    except OSError as error:
        raise ExportError(f"{base}: cannot be written to: {error.strerror or error}") from error
    return Published(int(pending.path.name), pending.path, differences)


def _write(
    manifest: Manifest, module: Callable[[Path], SignedModule], warmup: Sequence[LoggedRequest], path: Path
) -> None:
    # Beside the graph, which takes a copy into its assets.
    manifest_file = path / manifest.file.name
    manifest_file.write_text(manifest.dump(), encoding="utf-8")
    made = module(manifest_file)
    signatures = made.signatures()
    try:
        tf.saved_model.save(made, str(path), signatures=signatures)
        write_warmup(path, warmup)
    except tf.errors.OpError as error:
        # TensorFlow wraps the system's words in the names of its own functions.
        system = (os.strerror(code) for code in _DISK_FAULTS)
        reason = next((words for words in system if words in error.message), error.message)
        raise ExportError(f"{path.parent}: cannot be written to: {reason}") from error
    manifest_file.unlink()
