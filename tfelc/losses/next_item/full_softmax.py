"""Cross-entropy over the whole catalog."""

from __future__ import annotations

from typing import Any

from keras import ops

from tfelc.losses.next_item.next_item_loss import NextItemLoss

Tensor = Any

# The smallest normal float32; a chance below it counts as this one in the loss, and exactly in the gradient.
_TINY = 1.2e-38


class FullSoftmax(NextItemLoss):
    """`-log softmax_j(s(h, e_j))[target]` over all items `j`; memory is rows times items, once.

    Args:
        normalize: bool. Whether scores are cosines. Defaults to False.
        temperature: float. What scores are divided by. Defaults to 1.

    Raises:
        ValueError: The temperature is not positive.

    Example:
        >>> table = ops.convert_to_tensor([[9.0, 9.0], [1.0, 0.0], [0.0, 1.0]])
        >>> [round(float(FullSoftmax()(table[1:2], table, ops.convert_to_tensor([item]))), 4) for item in (1, 2)]
        [0.3133, 1.3133]
    """

    def __call__(self, vectors: Tensor, table: Tensor, targets: Tensor) -> Tensor:
        """The mean loss."""
        return _cross_entropy(self.scaled(vectors) / self.temperature, self.scaled(table[1:]), targets - 1)


def _cross_entropy(vectors: Tensor, candidates: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of `vectors @ candidates^T`, with a gradient that keeps nothing but the softmax.

    The gradient by the scores is `softmax - onehot`; its two products are taken of the softmax, and the one-hot part is
    a row of each operand. That saves two passes over (rows x items) against the gradient of a library's loss.
    """

    @ops.custom_gradient
    def loss(vectors: Tensor, candidates: Tensor) -> Any:
        shares = ops.softmax(ops.matmul(vectors, ops.transpose(candidates)), axis=-1)
        chosen = ops.take_along_axis(shares, labels[:, None], axis=1)[:, 0]

        def gradient(upstream: Tensor) -> tuple[Tensor, Tensor]:
            scale = upstream / ops.cast(ops.shape(vectors)[0], vectors.dtype)
            scaled = vectors * scale
            of_vectors = ops.matmul(shares, candidates) - ops.take(candidates, labels, axis=0)
            of_candidates = ops.matmul(ops.transpose(shares), scaled) - ops.segment_sum(
                scaled, labels, num_segments=candidates.shape[0]
            )
            return of_vectors * scale, of_candidates

        return -ops.mean(ops.log(ops.maximum(chosen, _TINY))), gradient

    return loss(vectors, candidates)
