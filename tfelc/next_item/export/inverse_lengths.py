"""What vectors are multiplied by to be of length 1."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def inverse_lengths(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """One over the length of each vector, 0 for one without any, `(vectors,)`.

    Example:
        >>> inverse_lengths(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)).tolist()
        [0.20000000298023224, 0.0]
    """
    lengths = np.linalg.norm(vectors, axis=1)
    return np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0).astype(np.float32)
