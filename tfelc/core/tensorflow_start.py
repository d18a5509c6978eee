"""TensorFlow's start, in less time and without the lines that say no more than that the machine has no GPU."""

from __future__ import annotations

import gc
import os
import re
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

# Whatever TF_CPP_MIN_LOG_LEVEL says, TensorFlow writes these before its logging is set up.
_NOISE = re.compile(
    rb"WARNING: All log messages before absl::InitializeLog\(\)"
    rb"|I\d{4} "
    rb"|To enable the following instructions: .*rebuild TensorFlow"
    rb"|[EW]\d{4} .*cuda_\w+\.cc:\d+\] failed call to cuInit"
)
_GPU_DRIVER = Path("/proc/driver/nvidia")
# Keras imports them where they are installed, for wrappers, pictures and kinds of input that are not used here, which
# takes nearly half of the start.
_UNUSED = ("IPython", "matplotlib", "pandas", "scipy", "sklearn")
# TensorFlow imports it where it is installed, to convert models to TFLite: time, and memory that stays.
_JAX = "jax"


def set_environment() -> None:
    """Tells TensorFlow, before it is imported, to keep to errors and to use its oneDNN kernels.

    What is set in the environment already is kept. TensorFlow leaves these kernels off on processors without AVX-512,
    where they too halve the cost of a step.
    """
    from absl import logging

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    logging.set_verbosity(logging.ERROR)


def expect_lost_workers() -> None:
    """Tells TensorFlow, before it is imported, not to print what it logs of workers that are gone.

    The one line of the command says it. What is set in the environment otherwise than by `set_environment` is kept.
    """
    if os.environ.get("TF_CPP_MIN_LOG_LEVEL", "2") == "2":
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"


def load_tensorflow() -> None:
    """Imports TensorFlow and looks for its devices.

    To be called first of all in a command that needs them, before threads run and before a bar is drawn: this process
    forks, and half a line waits for its end.

    Keras is made to go without scikit-learn, SciPy, pandas, matplotlib and IPython in this process, and TensorFlow
    without JAX unless that is Keras's backend; they are imported as ever afterwards.

    A line that is not known noise reaches standard error as ever, also when TensorFlow aborts the process. Nothing is
    held back where an NVIDIA driver is installed, since the same lines then say why a GPU goes unused, or with
    `TF_CPP_MIN_LOG_LEVEL=0`.
    """
    if "tensorflow" in sys.modules:
        return
    set_environment()
    talkative = _GPU_DRIVER.exists() or os.environ["TF_CPP_MIN_LOG_LEVEL"] == "0"
    quiet = nullcontext() if talkative else _filtered_stderr()
    with _word_on_a_terminal(), quiet, _hidden(_unused()), _no_collections():
        import tensorflow as tf

        tf.config.list_physical_devices()
        if os.environ["TF_CPP_MIN_LOG_LEVEL"] != "0":
            tf.get_logger().setLevel("ERROR")  # In a notebook TensorFlow would speak up to INFO.


@contextmanager
def _word_on_a_terminal() -> Iterator[None]:
    """Says what takes a while, where somebody watches, and wipes it away."""
    shown = sys.stderr is not None and sys.stderr.isatty()
    if shown:
        print("loading TensorFlow ...", end="", file=sys.stderr, flush=True)
    try:
        yield
    finally:
        if shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


@contextmanager
def _no_collections() -> Iterator[None]:
    """Hundreds of thousands of objects that stay would be looked through for garbage again and again: 0.4 s."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _unused() -> tuple[str, ...]:
    return _UNUSED if _keras_names_jax() else (*_UNUSED, _JAX)


def _keras_names_jax() -> bool:
    """Whether the environment, or else the configuration that Keras reads, says so."""
    if backend := os.environ.get("KERAS_BACKEND"):
        return backend == _JAX
    home = Path.home() if os.access(Path.home(), os.W_OK) else Path("/tmp")
    file = Path(os.environ.get("KERAS_HOME", home / ".keras"), "keras.json").expanduser()
    try:
        return f'"{_JAX}"' in file.read_text("utf-8")
    except OSError:
        return False


@contextmanager
def _hidden(packages: Iterable[str]) -> Iterator[None]:
    """Makes imports of packages that are not loaded yet fail, as where they are not installed."""
    names = [name for name in packages if name not in sys.modules]
    # The import system's own way to say that there is no such module.
    sys.modules.update(dict.fromkeys(names))  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


@contextmanager
def _filtered_stderr() -> Iterator[None]:
    # C++ writes to the file descriptor, past Python's sys.stderr. The filter is a process of its own, so that the last
    # words of a process that aborts still get through.
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(writer)
        _pass_on(reader)
    os.close(reader)
    stderr = os.dup(2)
    os.dup2(writer, 2)
    os.close(writer)
    try:
        yield
    finally:
        os.dup2(stderr, 2)
        os.close(stderr)
        os.waitpid(child, 0)


def _pass_on(reader: int) -> None:
    """Copies lines to standard error until the other end closes, and ends the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the command, whose last words this passes on.
    try:
        with os.fdopen(reader, "rb") as lines:
            for line in lines:
                if not _NOISE.match(line):
                    os.write(2, line)
    finally:
        os._exit(0)
