"""The embedding tables of one width, as one weight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from tfelc.layers.hashed_rows import HASHED_IDS, HashedRows

Tensor = Any


@keras.saving.register_keras_serializable(package="tfelc")
class FusedEmbedding(keras.layers.Layer):
    """Looks ids up in one fused table.

    On TensorFlow the gradient is sparse (the rows of the batch only): `keras.layers.Embedding` takes from a dense copy
    of its weight there, so that one step costs as much as the whole table.

    Args:
        rows: int. Rows of the fused table.
        dim: int. Width of an embedding.
        scale: float. Standard deviation of the initial values. Defaults to 0.02.
        frozen: Sequence of (first, last). Rows that are not trained, the last of each not included. Defaults to none.
        hashed: Sequence of (first, buckets, functions), as of `HashedRows`. Tables whose values have several rows each,
            which are summed. Of the first one the ids of values begin at `rows`, of the next one `HASHED_IDS` further.
            Defaults to none.

    Attributes:
        served: Callable. What gives float32 rows for ids in place of the trained table, as an export may have it.
            None, as it begins: the table itself.

    Call arguments:
        inputs: Integer tensor of any shape, ids in `[0, rows)`, or those of the values of `hashed`.

    Returns:
        Tensor of shape `inputs.shape + (dim,)`, in the layer's compute dtype.

    Example:
        >>> table = FusedEmbedding(rows=10, dim=4)
        >>> tuple(table(ops.convert_to_tensor([[1, 2, 3], [4, 5, 6]])).shape)
        (2, 3, 4)
        >>> lists = ops.convert_to_tensor([[7, 8, 0], [0, 0, 0]])  # padded with id 0
        >>> bool(ops.all(table.mean(lists, padding=0)[1] == 0))
        True
    """

    def __init__(
        self,
        rows: int,
        dim: int,
        scale: float = 0.02,
        frozen: Sequence[Sequence[int]] = (),
        hashed: Sequence[Sequence[int]] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rows = rows
        self.dim = dim
        self.scale = scale
        self.frozen = [list(each) for each in frozen]
        self.hashed = [HashedRows(*each) for each in hashed]
        self.served: Callable[[Tensor], Tensor] | None = None

    def build(self, input_shape: Any) -> None:
        """Makes the table; in float32 whatever the policy, since small updates vanish in half the width."""
        self.embeddings = self.add_weight(
            name="embeddings",
            shape=(self.rows, self.dim),
            initializer=keras.initializers.RandomNormal(stddev=self.scale),
            autocast=False,
        )

    def call(self, inputs: Tensor) -> Tensor:
        """Looks the ids up."""
        return ops.cast(self._rows_of(inputs), self.compute_dtype)

    def mean(self, inputs: Tensor, padding: int) -> Tensor:
        """Averages each row's embeddings over the ids that are not padding; a row of padding alone is zero.

        Args:
            inputs: Tensor. Ids, integers of shape `(batch, length)`.
            padding: int. The id that stands for no value.

        Returns:
            Tensor of shape `(batch, dim)`, in the layer's compute dtype.
        """
        # Summed in float32: half the width loses what is added to a long list's sum, and cannot count beyond 256.
        present = ops.not_equal(inputs, padding)
        if keras.backend.backend() == "tensorflow":
            # Padding is dropped before the look-up: it is most of a list, and its gradients would be sorted out again.
            import tensorflow as tf

            places = tf.where(present)
            values = self._rows_of(tf.gather_nd(inputs, places))
            total = tf.math.unsorted_segment_sum(values, places[:, 0], tf.shape(inputs)[0])
        else:
            total = ops.einsum("bl,bld->bd", ops.cast(present, "float32"), self._rows_of(inputs))
        count = ops.sum(ops.cast(present, "float32"), axis=1, keepdims=True)
        return ops.cast(total / ops.maximum(count, 1.0), self.compute_dtype)

    def padded(self, inputs: Tensor, padding: int) -> Tensor:
        """Looks lists up; a place of padding is zero, and costs no look-up on TensorFlow.

        Args:
            inputs: Tensor. Ids, integers of shape `(batch, length)`.
            padding: int. The id that stands for no value.

        Returns:
            Tensor of shape `(batch, length, dim)`, in the layer's compute dtype.
        """
        present = ops.not_equal(inputs, padding)
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            places = tf.where(present)
            shape = tf.concat([tf.shape(inputs, tf.int64), [self.dim]], 0)
            rows = tf.scatter_nd(places, self._rows_of(tf.gather_nd(inputs, places)), shape)
            rows = tf.ensure_shape(rows, [None, inputs.shape[1], self.dim])
        else:
            rows = ops.where(present[..., None], self._rows_of(inputs), 0.0)
        return ops.cast(rows, self.compute_dtype)

    def _rows_of(self, inputs: Tensor) -> Tensor:
        if not self.hashed:
            return self._single(inputs)
        rows = self._single(self._hashed_places(inputs, 0)[0])
        for function in range(1, max(each.functions for each in self.hashed)):
            places, there = self._hashed_places(inputs, function)
            if keras.backend.backend() == "tensorflow":
                # Only ids that have a further row are looked up, so that no other one is touched by the gradient.
                import tensorflow as tf

                where = tf.where(there)
                shape = tf.concat([tf.shape(inputs, tf.int64), [self.dim]], 0)
                rows += tf.scatter_nd(where, self._single(tf.gather_nd(places, where)), shape)
            else:
                rows += ops.where(there[..., None], self._single(places), 0.0)
        return rows

    def _hashed_places(self, inputs: Tensor, function: int) -> tuple[Tensor, Tensor]:
        """The row of each id by a function, and whether it has one; an id of no value is its own first row."""
        places = ops.cast(inputs, "int32")
        ids, own = places, ops.less(places, self.rows)
        there = own if function == 0 else ops.zeros_like(own)
        places = ops.where(own, places, 0)
        for number, table in enumerate(self.hashed):
            value = ids - (self.rows + number * HASHED_IDS)
            inside = ops.logical_and(value >= 0, value < HASHED_IDS)
            if function < table.functions:
                row = table.row(ops.where(inside, value, 0), function)
                places, there = ops.where(inside, row, places), ops.logical_or(there, inside)
        return places, there

    def _single(self, inputs: Tensor) -> Tensor:
        if self.served is not None:
            return self.served(inputs)
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            return self._frozen(inputs, tf.nn.embedding_lookup(self.embeddings.value, inputs))
        return self._frozen(inputs, ops.take(self.embeddings, inputs, axis=0))

    def _frozen(self, inputs: Tensor, rows: Tensor) -> Tensor:
        for first, last in self.frozen:
            inside = ops.logical_and(inputs >= first, inputs < last)[..., None]
            rows = ops.where(inside, ops.stop_gradient(rows), rows)
        return rows

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Adds the width."""
        return (*input_shape, self.dim)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {
            **super().get_config(),
            "rows": self.rows,
            "dim": self.dim,
            "scale": self.scale,
            "frozen": self.frozen,
            "hashed": [list(each) for each in self.hashed],
        }
