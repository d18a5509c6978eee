"""An embedding table in half or a quarter of its bytes, for serving."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import tensorflow as tf
from keras import ops
from numpy.typing import NDArray

from tfelc.ranker.models.ranking_model import RankingModel

RowsFormat = Literal["float16", "int8"]
_LARGEST = 127


class QuantizedRows:
    """Looks rows up that are kept in fewer bytes; what it gives is float32.

    As `int8`, a row's values are whole multiples of a step of its own, a 127th of its largest absolute value: they move
    by at most half a step. As `float16`, each value keeps eleven bits.

    Args:
        rows: Array of shape `(rows, dim)`. The trained table.
        kind: `float16` or `int8`.

    Example:
        >>> rows = QuantizedRows(np.array([[127.0, -63.6], [0.0, 0.0]], np.float32), "int8")
        >>> rows(tf.constant([0, 1])).numpy().tolist()
        [[127.0, -64.0], [0.0, 0.0]]
    """

    def __init__(self, rows: NDArray[np.float32], kind: RowsFormat) -> None:
        self._steps: Any = None
        # Rows are gathered on the CPU, where a served table lies.
        with tf.device("/CPU:0"):
            if kind == "int8":
                steps = np.abs(rows).max(axis=1, keepdims=True) / np.float32(_LARGEST)
                self._steps = tf.Variable(steps, trainable=False, name="steps")
                rows = np.rint(np.divide(rows, steps, out=np.zeros_like(rows), where=steps > 0))
            self._codes = tf.Variable(rows.astype(kind), trainable=False, name="codes")

    @property
    def resources(self) -> list[Any]:
        """The variables, which a SavedModel must hold beside its graph."""
        return [self._codes] if self._steps is None else [self._codes, self._steps]

    def __call__(self, ids: Any) -> Any:
        """Looks ids up.

        Args:
            ids: Integer tensor of any shape, ids in `[0, rows)`.

        Returns:
            float32 tensor of shape `ids.shape + (dim,)`.
        """
        found = tf.cast(tf.gather(self._codes, ids), tf.float32)
        return found if self._steps is None else found * tf.gather(self._steps, ids)


def quantize_tables(model: RankingModel, kind: RowsFormat) -> None:
    """Lets a ranker answer by tables of fewer bytes from here on; its trained ones stay as they are."""
    for table in model.ranker.encoder.tables.values():
        table.served = QuantizedRows(ops.convert_to_numpy(table.embeddings), kind)
