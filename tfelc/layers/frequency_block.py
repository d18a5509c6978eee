"""One block of filters over a sequence that is padded on the left."""

from __future__ import annotations

import math
from typing import Any

import keras
import numpy as np
from keras import ops

from tfelc.layers.residual_block import ResidualBlock

Tensor = Any

_FIRST_BIAS = -0.1


@keras.saving.register_keras_serializable(package="tfelc")
class FrequencyBlock(ResidualBlock):
    """Filters in the frequencies of a history and in its steps, and a feed-forward network, with residuals and norms.

    What is mixed is `share * filtered + (1 - share) * stepped`, head by head, over `max_length` positions of which the
    pads are 0:

    - filtered: each of the `max_length // 2 + 1` frequencies of the discrete Fourier transform is multiplied by
      `f (1 + scale)` and moved by `b + offset`, where the history itself, by the mean of its positions and two dense
      layers, says `scale` and `offset`;
    - stepped: of each pair of neighbors, counted from the end, the mean stays and half the difference is multiplied by
      a weight of the pair's own (one level of the Haar wavelet).

    A position sees all others, those after it too. The transform is a product with its cosines and sines at the columns
    that the inputs have, so that a batch need only be as wide as its longest history; at the last position alone it is
    one weight for each position and head.

    Args:
        max_length: int. Positions of the transform; the inputs are the last of them.
        num_heads: int. Number of filters, which share the input's width.
        inner_dim: int. Width of the feed-forward network's inside.
        share: float. Share of what is filtered, within [0, 1]. Defaults to 0.3.
        dropout: float. Dropout of both branches' outputs. Defaults to 0.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor of shape `(batch, length, dim)`; length at most `max_length`.
        valid: Bool tensor of shape `(batch, length)`; False at a pad.
        last_only: bool. Whether only the last position is wanted. Defaults to False.

    Returns:
        Tensor of shape `(batch, length, dim)`, or `(batch, dim)` with `last_only`. Rows of pads carry nothing
        meaningful.

    Raises:
        ValueError: There is no head, the width is no multiple of their number, or the share is outside of [0, 1].

    Example:
        >>> block = FrequencyBlock(max_length=8, num_heads=2, inner_dim=16)
        >>> rows, valid = ops.ones((3, 5, 4)), ops.convert_to_tensor([[False, False, True, True, True]] * 3)
        >>> full, last = block(rows, valid), block(rows, valid, last_only=True)
        >>> tuple(full.shape), bool(ops.max(ops.abs(full[:, -1] - last)) < 1e-5)
        ((3, 5, 4), True)

    Source: WEARec (Xu et al., Wavelet Enhanced Adaptive Frequency Filter for Sequential Recommendation, AAAI 2026),
    whose pads are the embedding of their place and take part in the mean, and here are 0 and do not.
    """

    def __init__(
        self,
        max_length: int,
        num_heads: int,
        inner_dim: int,
        share: float = 0.3,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        """See the class."""
        super().__init__(num_heads, inner_dim, dropout, **kwargs)
        if not 0 <= share <= 1:
            raise ValueError(f"`share` must be within [0, 1]. Received: share={share}")
        self.max_length = max_length
        self.share = share

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the filters, what adapts them, and the rest of the block."""
        dim = self.checked_width(input_shape)
        length, heads = self.max_length, self.num_heads
        frequencies = length // 2 + 1
        normal = keras.initializers.RandomNormal(stddev=0.02)
        self.filters = self.add_weight(shape=(heads, frequencies), initializer="ones", name="filters")
        first = keras.initializers.Constant(_FIRST_BIAS)
        self.filter_bias = self.add_weight(shape=(heads, frequencies), initializer=first, name="filter_bias")
        self.context_kernel, self.context_bias = self.projection("context", dim, dim)
        self.adaptive_kernel, self.adaptive_bias = self.projection("adaptive", dim, heads * frequencies * 2)
        self.step_kernel = self.add_weight(shape=(-(-length // 2), dim), initializer=normal, name="step_kernel")
        self.build_branches(dim, "mixing_norm")
        # The transform of real numbers has each frequency but the first, and the last of an even length, twice.
        times = np.full(frequencies, 2.0)
        times[0] = 1
        if length % 2 == 0:
            times[-1] = 1
        angles = 2 * math.pi * np.outer(np.arange(frequencies), np.arange(length)) / length
        self._cosines, self._sines = (wave(angles).astype(np.float32) for wave in (np.cos, np.sin))
        self._times = times.astype(np.float32)

    def call(self, inputs: Tensor, valid: Tensor, last_only: bool = False, training: bool | None = None) -> Tensor:
        """The block's output."""
        known = inputs * ops.cast(valid, inputs.dtype)[:, :, None]
        filters, offsets = self._adapted(known, valid)
        mix = self._last if last_only else self._all
        filtered, stepped = mix(known, filters, offsets)
        mixed = self.share * filtered + (1 - self.share) * stepped
        return self.add_branches(inputs[:, -1] if last_only else inputs, mixed, training)

    def _adapted(self, known: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Factors and offsets of the frequencies, `(batch, heads, frequencies)` each."""
        count = ops.sum(ops.cast(valid, known.dtype), axis=1, keepdims=True)
        mean = ops.sum(known, axis=1) / ops.maximum(count, 1)
        context = ops.gelu(ops.matmul(mean, self.context_kernel) + self.context_bias, approximate=False)
        said = ops.matmul(context, self.adaptive_kernel) + self.adaptive_bias
        said = ops.reshape(said, (-1, self.num_heads, self.filters.shape[1], 2))
        return self.filters * (1 + said[..., 0]), self.filter_bias + said[..., 1]

    def _all(self, known: Tensor, filters: Tensor, offsets: Tensor) -> tuple[Tensor, Tensor]:
        length, dim = ops.shape(known)[1], known.shape[-1]
        cosines, sines = self._waves(length, known.dtype)
        heads = ops.reshape(known, (-1, length, self.num_heads, dim // self.num_heads))
        factors = ops.transpose(filters * self._weights(1, known.dtype), (0, 2, 1))[..., None]
        even = ops.einsum("kl,blhw->bkhw", cosines, heads) * factors
        odd = ops.einsum("kl,blhw->bkhw", sines, heads) * factors
        filtered = ops.einsum("kl,bkhw->blhw", cosines, even) + ops.einsum("kl,bkhw->blhw", sines, odd)
        moved = ops.transpose(ops.matmul(offsets * self._weights(0.5, known.dtype), cosines), (0, 2, 1))[..., None]
        earlier = ops.pad(known, [[0, 0], [1, 0], [0, 0]])[:, :-1]
        later = ops.pad(known, [[0, 0], [0, 1], [0, 0]])[:, 1:]
        # Of a pair the last position is the later one, as is every second before it.
        is_later = ops.flip(ops.arange(length) % 2 == 0, axis=0)[:, None]
        other = ops.where(is_later, earlier, later)
        kernel = ops.cast(ops.repeat(self.step_kernel, 2, axis=0), known.dtype)
        kernel = kernel[kernel.shape[0] - length :]
        return ops.reshape(filtered + moved, (-1, length, dim)), self._stepped(known, other, kernel)

    def _last(self, known: Tensor, filters: Tensor, offsets: Tensor) -> tuple[Tensor, Tensor]:
        length, dim = ops.shape(known)[1], known.shape[-1]
        cosines, sines = self._waves(length, known.dtype)
        # cos(a - b) of the last position and each other: the circular convolution's weights.
        apart = cosines * cosines[:, -1:] + sines * sines[:, -1:]
        weights = ops.matmul(filters * self._weights(1, known.dtype), apart)
        heads = ops.reshape(known, (-1, length, self.num_heads, dim // self.num_heads))
        filtered = ops.einsum("bhl,blhw->bhw", weights, heads)
        moved = ops.matmul(offsets * self._weights(0.5, known.dtype), cosines[:, -1:])
        before = ops.pad(known, [[0, 0], [1, 0], [0, 0]])[:, -2]
        return ops.reshape(filtered + moved, (-1, dim)), self._stepped(known[:, -1], before, self.step_kernel[-1])

    def _waves(self, length: Tensor, dtype: str) -> tuple[Tensor, Tensor]:
        """The cosines and the sines at the last positions, `(frequencies, length)` each."""
        start = self.max_length - length
        return ops.cast(self._cosines, dtype)[:, start:], ops.cast(self._sines, dtype)[:, start:]

    def _weights(self, power: float, dtype: str) -> Tensor:
        """How often each frequency counts, over the length to a power."""
        return ops.cast(self._times / self.max_length**power, dtype)

    @staticmethod
    def _stepped(rows: Tensor, other: Tensor, kernel: Tensor) -> Tensor:
        """A position of a pair, of itself and the other: the mean, and its distance from it times a weight."""
        return 0.5 * (rows + other) + 0.5 * (rows - other) * kernel

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {**super().get_config(), "max_length": self.max_length, "share": self.share}
