"""Random numbers that belong to a key: the same for a user or a row wherever and in whatever order it turns up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_GOLDEN = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


def hashed_uniform(keys: NDArray[np.integer], seed: int, stream: int, width: int) -> NDArray[np.float32]:
    """Uniform numbers in [0, 1) from whole-number keys.

    Args:
        keys: One key a row, (n,).
        seed: Seed of all streams.
        stream: Which numbers of the key; use one stream a purpose, below 2^16.
        width: Numbers a key.

    Returns:
        (n, width). A number depends on its key, seed, stream and column alone.
    """
    salts = np.array([_mixed(_mixed(seed) + (stream << 32) + column) for column in range(width)], np.uint64)
    bits = np.asarray(keys).astype(np.uint64)[:, None] * np.uint64(_GOLDEN) + salts
    # The finalizer of splitmix64 (Steele, Lea and Flood, 2014).
    bits ^= bits >> np.uint64(30)
    bits *= np.uint64(0xBF58476D1CE4E5B9)
    bits ^= bits >> np.uint64(27)
    bits *= np.uint64(0x94D049BB133111EB)
    bits >>= np.uint64(40)  # the highest 24 bits: all that a float32 below 1 holds
    return bits.astype(np.float32) * np.float32(2**-24)


def hashed_normal(keys: NDArray[np.integer], seed: int, stream: int, width: int) -> NDArray[np.float32]:
    """Standard normal numbers from whole-number keys, as `hashed_uniform`; `width` must be even (Box-Muller)."""
    uniform = hashed_uniform(keys, seed, stream, width)
    half = width // 2
    radius = np.sqrt(np.float32(-2) * np.log(np.float32(1) - uniform[:, :half]))
    angle = np.float32(2 * np.pi) * uniform[:, half:]
    return np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _mixed(value: int) -> int:
    value = (value + _GOLDEN) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
