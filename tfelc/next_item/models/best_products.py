"""The scores of items after histories: the product of two embeddings."""

from __future__ import annotations

import functools
from typing import Any

from keras import ops

Tensor = Any


def best_products(embedding: Tensor, candidates: Tensor, vectors_per_user: int) -> Tensor:
    """The product of each candidate with each user, the best one where a user has several vectors.

    Args:
        embedding: Tensor. The users' vectors, side by side, `(batch, vectors_per_user * dim)`.
        candidates: Tensor. The items' vectors, transposed, `(dim, items)`.
        vectors_per_user: int. How many there are of each user.

    Returns:
        Tensor of shape `(batch, items)`.

    Example:
        >>> items = ops.convert_to_tensor([[3.0, 1.0], [0.0, 1.0]])
        >>> best_products(ops.convert_to_tensor([[1.0, 0.0, 0.0, 2.0]]), items, vectors_per_user=2).numpy().tolist()
        [[3.0, 2.0]]
    """
    # One after the other, so that no more than two tensors of all items are held at a time.
    vectors = ops.split(embedding, vectors_per_user, axis=1) if vectors_per_user > 1 else [embedding]
    return functools.reduce(ops.maximum, (ops.matmul(vector, candidates) for vector in vectors))
