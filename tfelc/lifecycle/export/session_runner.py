"""A SavedModel run through the C++ session, the way TensorFlow Serving runs it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

from tfelc.core.errors import ExportError

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class SessionTensor:
    """One input or output of a signature.

    Attributes:
        tensor: Name of the graph's tensor.
        dtype: Type of its values; `object` for strings.
        dtype_name: TensorFlow's name of the type, as in `float32` or `string`.
        shape: Its sizes, None where any size goes. None when the rank is unknown too.
    """

    tensor: str
    dtype: np.dtype[Any]
    dtype_name: str
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True)
class SessionSignature:
    """What a signature takes and gives, by name, in alphabetical order."""

    inputs: Mapping[str, SessionTensor]
    outputs: Mapping[str, SessionTensor]


class SessionRunner:
    """Loads a SavedModel into a C++ session and runs its signatures.

    A SavedModel that `tf.saved_model.load` takes can still fail in TensorFlow Serving, because the server has no Python
    objects, only the graph (tensorflow/serving#2226). Here the graph is loaded and called as the server does it: no
    casts, no shape checks, the kernels' own error messages. `run` may be called from several threads at once.

    Args:
        path: Folder that holds `saved_model.pb`.
        threads: Threads of each of the session's two pools. Defaults to 0: one a core.
        timeout: Seconds after which a run is cut off with DEADLINE_EXCEEDED. Defaults to 0: never.

    Raises:
        ExportError: The folder holds no SavedModel that a session can load.

    Example:
        >>> runner = SessionRunner(Path("models/ranker/3"))  # doctest: +SKIP
        >>> runner.run("serving_default", {"price": np.array([1.5], np.float32)})["ctr"]  # doctest: +SKIP
    """

    def __init__(self, path: Path, threads: int = 0, timeout: float = 0.0) -> None:
        self.path = Path(path)
        self._timeout = timeout
        config = tf.compat.v1.ConfigProto(inter_op_parallelism_threads=threads, intra_op_parallelism_threads=threads)
        # Threads that wait for the next operation in a loop take the core from whoever reads and writes the requests.
        config.experimental.disable_thread_spinning = True
        graph = tf.Graph()
        self._session: Any = tf.compat.v1.Session(graph=graph, config=config)
        try:
            with graph.as_default():
                self.meta_graph: Any = _load(self._session, str(self.path))
        except Exception as error:  # the loader lets through whatever a broken file makes protobuf or a kernel raise
            self._session.close()
            raise ExportError(f"{self.path}: not a SavedModel that a session can load: {_one_line(error)}") from error
        self.signatures: dict[str, SessionSignature] = {
            name: SessionSignature(_tensors(definition.inputs), _tensors(definition.outputs))
            for name, definition in sorted(self.meta_graph.signature_def.items())
            if definition.outputs and definition.inputs
        }
        self._callables = {name: self._make(signature) for name, signature in self.signatures.items()}

    def _make(self, signature: SessionSignature) -> Callable[..., Sequence[Array]]:
        options = config_pb2.CallableOptions()
        options.run_options.timeout_in_ms = int(self._timeout * 1000)
        options.feed.extend(tensor.tensor for tensor in signature.inputs.values())
        options.fetch.extend(tensor.tensor for tensor in signature.outputs.values())
        made: Callable[..., Sequence[Array]] = self._session._make_callable_from_options(options)
        return made

    def run(self, signature: str, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """Runs one signature.

        Args:
            signature: A key of `signatures`.
            inputs: One array for each of the signature's inputs; strings as `object` arrays of bytes.

        Returns:
            One array for each output.

        Raises:
            KeyError: The signature, or one of its inputs, is missing.
            tf.errors.OpError: What a kernel says of a wrong type, shape or value.
        """
        wanted = self.signatures[signature]
        results = self._callables[signature](*[inputs[name] for name in wanted.inputs])
        return dict(zip(wanted.outputs, results, strict=True))

    def close(self) -> None:
        """Frees the session; no `run` may be under way or follow."""
        self._callables = {}
        self._session.close()

    def __enter__(self) -> SessionRunner:
        """Returns itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Closes the session."""
        self.close()


def _load(session: Any, path: str) -> Any:
    # The loader is deprecated in favor of one that TensorFlow Serving does not use; its warnings would mislead.
    logger = logging.getLogger("tensorflow")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        return tf.compat.v1.saved_model.loader.load(session, [tf.saved_model.SERVING], path)
    finally:
        logger.setLevel(level)


def _tensors(infos: Mapping[str, Any]) -> dict[str, SessionTensor]:
    tensors = {}
    for name, info in sorted(infos.items()):
        dtype = tf.dtypes.as_dtype(info.dtype)
        shape = info.tensor_shape
        sizes = None if shape.unknown_rank else tuple(None if dim.size < 0 else int(dim.size) for dim in shape.dim)
        tensors[name] = SessionTensor(info.name, np.dtype(dtype.as_numpy_dtype), dtype.name, sizes)
    return tensors


def _one_line(error: Exception) -> str:
    return " ".join(str(getattr(error, "message", error)).split())[:500] or type(error).__name__
