"""The best items for a vector, by TensorFlow Recommenders; the only module that knows of it.

TensorFlow Recommenders is written for Keras 2, which `tf.keras` is only with `TF_USE_LEGACY_KERAS=1` at its first use.
Its layers live beside a Keras 3 model in one SavedModel, and never inside one: a Keras 3 model neither tracks nor
trains them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal
from unittest.mock import patch

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfelc.core.errors import ExportError
from tfelc.next_item.export.inverse_lengths import inverse_lengths

Tensor = Any
IndexKind = Literal["brute_force", "streaming"]
# Items that `streaming` scores at a time.
_BLOCK = 16_384


class TopKIndex:
    """An exact index; of items that score alike the one with the lower number comes first.

    `brute_force` scores the whole catalog at once, as `(batch, items)` floats. `streaming` goes over it in blocks: it
    needs no such memory, and is slower on a small catalog.

    TensorFlow tracks nothing of it by itself, since a SavedModel cannot hold the data set that `streaming` makes inside
    the graph; `variables` is what a SavedModel must hold.

    Args:
        candidates: The items' vectors, item number 1 first, `(items, dim)`.
        kind: `brute_force` or `streaming`.

    Raises:
        ExportError: TensorFlow Recommenders does not load, as where `tf.keras` has been used as Keras 3 before.
    """

    def __init__(self, candidates: NDArray[np.float32], kind: IndexKind = "brute_force") -> None:
        layers = _layers()
        self._items = len(candidates)
        self._kind = kind
        if kind == "brute_force":
            numbers = tf.range(1, self._items + 1, dtype=tf.int32)
            self._layer = layers.BruteForce().index(tf.constant(candidates), numbers)
            self.variables: list[Any] = list(self._layer.variables)
            self._candidates = next(variable for variable in self.variables if variable.dtype == tf.float32)
        else:
            self._layer = layers.Streaming()
            self._candidates = tf.Variable(candidates, trainable=False)
            self.variables = [*self._layer.variables, self._candidates]
        self._shrink = tf.Variable(inverse_lengths(candidates), trainable=False)
        self.variables.append(self._shrink)

    def top(self, outputs: dict[str, Tensor], k: Tensor) -> tuple[Tensor, Tensor]:
        """The best items for each user, in the graph of a `tf.function`.

        Args:
            outputs: Of `ELCRec`, among them `embedding`, float32, `(batch, dim)`.
            k: int32 scalar, from 1 to the number of items.

        Returns:
            Scores, float32, and item numbers, int32, both `(batch, k)`, best first.
        """
        if self._kind == "streaming":
            blocks = tf.data.Dataset.range(0, self._items, _BLOCK, output_type=tf.int32).map(self._block)
            self._layer.index_from_dataset(blocks)
        scores, numbers = self._layer(outputs["embedding"], k=k)
        return scores, numbers

    def scores(self, outputs: dict[str, Tensor]) -> Tensor:
        """The scores of all items, float32, `(batch, items)`, of what `top` takes."""
        return tf.matmul(outputs["embedding"], self._candidates, transpose_b=True)

    def cosines(self, places: Tensor) -> Tensor:
        """How like each item is to those at some places, int32, `(batch,)`, from -1 to 1, `(batch, items)`."""
        chosen = tf.gather(self._candidates, places) * tf.gather(self._shrink, places)[:, None]
        return tf.matmul(chosen, self._candidates, transpose_b=True) * self._shrink

    def _block(self, start: Tensor) -> tuple[Tensor, Tensor]:
        stop = tf.minimum(start + _BLOCK, self._items)
        return tf.range(start + 1, stop + 1), self._candidates[start:stop]


def _layers() -> Any:
    """TensorFlow Recommenders' layers, on the Keras that they are written for."""
    try:
        with patch.dict(os.environ, TF_USE_LEGACY_KERAS="1"), _without_scann():
            from tensorflow_recommenders.layers import factorized_top_k
    except ImportError as error:
        raise ExportError(
            f"TensorFlow Recommenders does not load: {' '.join(str(error).split())}; where tf.keras was used as "
            "Keras 3 in this process before, start it with TF_USE_LEGACY_KERAS=1"
        ) from error
    return factorized_top_k


@contextmanager
def _without_scann() -> Iterator[None]:
    """Hides ScaNN, which would be imported wherever it is installed, and which does not load with TensorFlow 2.21."""
    if "scann" in sys.modules:
        yield
        return
    sys.modules["scann"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["scann"]
