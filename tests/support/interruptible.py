"""Processes that an interrupt reaches, whoever began the tests."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interruptible() -> Iterator[None]:
    """What is started within takes SIGINT as ever; tests in the background may have been told to ignore it.

    Nothing runs between fork and exec for it, as a `preexec_fn` would: beside threads of TensorFlow that may end
    a child before it begins.
    """
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)
