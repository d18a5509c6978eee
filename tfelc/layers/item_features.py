"""Items' embeddings out of what is known of them, beside who took them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

Tensor = Any

_INITIALIZER_STDDEV = 0.02


@keras.saving.register_keras_serializable(package="tfelc")
class ItemFeatures(keras.layers.Layer):
    """Adds projections of attributes to embeddings by id: `c_i e_i + sum_a T_a[x_ia] + N n_i`.

    `T_a` is a table of a category's values, `N` a matrix, and `n_i` what an item has of numbers. `c_i` is 1 for an item
    that training has seen and 0 for others, whose random rows would say nothing: they are their attributes alone.

    The layer is made before it is known what it is made of; `set_features` builds it.

    Args:
        dim: int. Width of the embeddings.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Tensor. Embeddings by id, `(rows, dim)`, one for each row of the features.

    Returns:
        Tensor of the shape of `inputs`.

    Example:
        >>> layer = ItemFeatures(dim=2)
        >>> layer.set_features({"color": np.array([0, 1])}, {"color": 1}, np.zeros((2, 0)), np.array([True, False]))
        >>> _ = layer.tables[0].assign([[0.0, 0.0], [5.0, 6.0]])
        >>> layer(ops.convert_to_tensor([[1.0, 2.0], [3.0, 4.0]])).numpy().tolist()
        [[1.0, 2.0], [5.0, 6.0]]
    """

    def __init__(self, dim: int, **kwargs: Any) -> None:
        """See the class."""
        super().__init__(**kwargs)
        self.dim = dim
        self.tables: list[Any] = []
        self.codes: list[Any] = []

    def set_features(
        self,
        codes: Mapping[str, NDArray[np.int32]],
        sizes: Mapping[str, int],
        numbers: NDArray[np.float32],
        seen: NDArray[np.bool_],
    ) -> None:
        """Makes the weights, and fills those that are not trained.

        Args:
            codes: Mapping. Category -> place of each item's value from 1, 0 without one, `(rows,)`.
            sizes: Mapping. Category -> number of its values.
            numbers: Array. What an item has of numbers, 0 where that is missing, `(rows, any)`.
            seen: Array. Whether training has seen an item, `(rows,)`.
        """
        normal = keras.initializers.RandomNormal(stddev=_INITIALIZER_STDDEV)
        for name, values in codes.items():
            self.tables.append(
                self.add_weight(shape=(sizes[name] + 1, self.dim), initializer=normal.clone(), name=f"{name}_table")
            )
            self.codes.append(self._fixed(f"{name}_codes", values.astype(np.int32)))
        self.numbers = self._fixed("numbers", numbers.astype(np.float32)) if numbers.shape[1] else None
        if self.numbers is not None:
            shape = (numbers.shape[1], self.dim)
            self.kernel = self.add_weight(shape=shape, initializer=normal.clone(), name="kernel")
        self.seen = self._fixed("seen", seen.astype(np.float32)[:, None])
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """The embeddings of the items."""
        found = inputs * ops.cast(self.seen, inputs.dtype)
        for table, codes in zip(self.tables, self.codes, strict=True):
            found = found + ops.cast(ops.take(table, codes, axis=0), inputs.dtype)
        if self.numbers is not None:
            found = found + ops.cast(ops.matmul(self.numbers, self.kernel), inputs.dtype)
        return found

    def _fixed(self, name: str, values: NDArray[Any]) -> Any:
        weight = self.add_weight(
            shape=values.shape, dtype=values.dtype.name, initializer="zeros", trainable=False, name=name
        )
        weight.assign(values)
        return weight

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "dim": self.dim}
