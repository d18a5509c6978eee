"""What does not fit into memory is said in one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf

from tfelc.core.errors import ConfigError


@contextmanager
def enough_memory(advice: str) -> Iterator[None]:
    """Turns TensorFlow's and NumPy's account of an allocation that failed into one line.

    Args:
        advice: The settings to lower.

    Raises:
        ConfigError: Memory did not suffice.

    Example:
        >>> with enough_memory("training.batch_size"):
        ...     raise MemoryError("Unable to allocate 4. TiB for an array")
        Traceback (most recent call last):
        tfelc.core.errors.ConfigError: this does not fit into memory; lower training.batch_size
    """
    try:
        yield
    except (MemoryError, tf.errors.ResourceExhaustedError):
        raise ConfigError(f"this does not fit into memory; lower {advice}") from None
