"""One loaded version of a model."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import grpc
import numpy.typing as npt

from tfelc.lifecycle.export.session_runner import SessionRunner, SessionSignature
from tfelc.serving.local_server.batcher import Batcher, BatchingOptions
from tfelc.serving.local_server.serving_error import ServingError

Array = npt.NDArray[Any]


class Servable:
    """A session with the count of requests that are using it.

    Args:
        name: The model's name.
        version: The version's number.
        path: Folder of the SavedModel.
        threads: Threads of each of the session's pools; 0 for one a core.
        timeout: Seconds after which a run is cut off; 0 for never.
        batching: How requests are joined into batches; None to run each for itself.

    Raises:
        ExportError: The folder holds no SavedModel that a session can load.
    """

    def __init__(
        self,
        name: str,
        version: int,
        path: Path,
        threads: int = 0,
        timeout: float = 0.0,
        batching: BatchingOptions | None = None,
    ) -> None:
        self.name = name
        self.version = version
        self.path = path
        self._runner = SessionRunner(path, threads, timeout)
        self._users = 0
        self._idle = threading.Condition()
        self._batchers: dict[str, Batcher] = {}
        if batching is not None:
            for key in self.signatures:
                self._batchers[key] = Batcher(partial(self._run, key), batching)

    @property
    def signatures(self) -> Mapping[str, SessionSignature]:
        """What each signature takes and gives."""
        return self._runner.signatures

    @property
    def signature_defs(self) -> Mapping[str, Any]:
        """The signatures as the SavedModel holds them."""
        definitions: Mapping[str, Any] = self._runner.meta_graph.signature_def
        return definitions

    def signature(self, name: str) -> SessionSignature:
        """One signature; raises ServingError with FAILED_PRECONDITION when there is none of the name."""
        if name not in self.signatures:
            raise ServingError(grpc.StatusCode.FAILED_PRECONDITION, f'Serving signature key "{name[:200]}" not found.')
        return self.signatures[name]

    def run(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Runs a signature on arrays of the right names; raises ServingError for what the kernels refuse."""
        if signature in self._batchers:
            return self._batchers[signature].run(inputs)
        return self._run(signature, inputs)

    def _run(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        try:
            return self._runner.run(signature, inputs)
        except Exception as error:
            raise ServingError.of(error) from error

    def acquire(self) -> None:
        """Counts one more user, so that `close` waits for it."""
        with self._idle:
            self._users += 1

    def release(self) -> None:
        """Counts one user less."""
        with self._idle:
            self._users -= 1
            self._idle.notify_all()

    def close(self) -> None:
        """Waits until nobody uses the servable, then frees the session."""
        with self._idle:
            self._idle.wait_for(lambda: self._users == 0)
        for batcher in self._batchers.values():
            batcher.close()
        self._runner.close()
