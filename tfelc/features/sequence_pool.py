"""One sequence of a row, looked up -> one vector."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from tfelc.features.fitted import NumberStatistics
from tfelc.features.layout import SequenceFeature
from tfelc.features.scaled_numbers import scaled_numbers
from tfelc.layers.candidate_transformer import CandidateTransformer
from tfelc.layers.target_attention import TargetAttention
from tfelc.schema.column import Column

Tensor = Any


class SequencePool(keras.layers.Layer):
    """Embeds the positions of a sequence and pools them: by their mean, or as they bear on the candidate.

    Numbers are standardized and cut off at 10 standard deviations; a missing one is 0, and so is the embedding of a
    missing value.

    Args:
        sequence: SequenceFeature. What it consists of.
        columns: Mapping of str to Column. The lists of numbers.
        numbers: Mapping of str to NumberStatistics. Their statistics.
        widths: Mapping of str to int. Width of each item column that is compared with a list.
        hidden: int. Width inside the attention's scores.
        dim: int. Width of the Transformer's block.
        num_heads: int. Its heads.
    """

    def __init__(
        self,
        sequence: SequenceFeature,
        columns: Mapping[str, Column],
        numbers: Mapping[str, NumberStatistics],
        widths: Mapping[str, int],
        hidden: int,
        dim: int,
        num_heads: int,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.sequence = sequence
        self.dim = dim
        self._columns = [columns[name] for name in sequence.numbers]
        self._statistics = [numbers[name] for name in sequence.numbers]
        self._candidate_width = sum(widths[candidate] for _, candidate in sequence.pairs)
        self.pool: Any = None
        if sequence.pooling == "attention":
            self.pool = TargetAttention(sequence.max_length, hidden, dtype=self.dtype_policy, name="pool")
        elif sequence.pooling == "transformer":
            self.pool = CandidateTransformer(sequence.max_length, dim, num_heads, dtype=self.dtype_policy, name="pool")

    def build(self, input_shape: Any = None) -> None:
        """Makes the weights of what pools."""
        width, length, candidate = len(self.position_slots), self.sequence.max_length, self._candidate_width
        if self.pool is not None:
            self.pool.build(
                {
                    "history": (None, length, width),
                    "valid": (None, length),
                    "aligned": (None, length, candidate),
                    "candidate": (None, candidate),
                }
            )

    @property
    def position_slots(self) -> list[str]:
        """What each place of a position holds."""
        embedded = [f"{each.column}/{place}" for each in self.sequence.lists for place in range(each.dim)]
        return [*embedded, *(f"{name}/number" for name in self.sequence.numbers)]

    @property
    def output_slots(self) -> list[str]:
        """What each place of the output holds."""
        if self.sequence.pooling == "transformer":
            return [f"{self.sequence.name}/{place}" for place in range(self.dim)]
        return self.position_slots

    def call(self, inputs: Mapping[str, Tensor], vectors: Mapping[str, Tensor], tables: Mapping[int, Any]) -> Tensor:
        """Pools a sequence.

        Args:
            inputs: As `FeatureLookup` gives them.
            vectors: Item column -> its vector.
            tables: Width -> the fused table.

        Returns:
            Tensor of shape `(batch, width)`.
        """
        lists, valid = {}, None
        for each in self.sequence.lists:
            there = ops.not_equal(inputs[each.key], each.offset)
            valid = there if valid is None else ops.logical_or(valid, there)
            if self.pool is not None:
                lists[each.column] = tables[each.dim].padded(inputs[each.key], each.offset)
        numbers, finite = self._numbers(inputs) if self.sequence.numbers else (None, None)
        if self.pool is None:
            return self._mean_of(inputs, tables, numbers, finite)
        if finite is not None:
            valid = ops.logical_or(valid, ops.any(finite, axis=-1))
        history = [*lists.values(), *([] if numbers is None else [ops.cast(numbers, self.compute_dtype)])]
        return self.pool(
            {
                "history": ops.concatenate(history, axis=-1),
                "valid": valid,
                "aligned": ops.concatenate([lists[name] for name, _ in self.sequence.pairs], axis=-1),
                "candidate": ops.concatenate([vectors[name] for _, name in self.sequence.pairs], axis=-1),
            }
        )

    def _mean_of(self, inputs: Mapping[str, Tensor], tables: Mapping[int, Any], numbers: Any, finite: Any) -> Tensor:
        parts = [tables[each.dim].mean(inputs[each.key], each.offset) for each in self.sequence.lists]
        if numbers is not None:
            count = ops.maximum(ops.sum(ops.cast(finite, "float32"), axis=1), 1.0)
            parts.append(ops.cast(ops.sum(numbers, axis=1) / count, self.compute_dtype))
        return ops.concatenate(parts, axis=-1)

    def _numbers(self, inputs: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        values = inputs[self.sequence.numbers_key]
        return scaled_numbers(values, self._columns, self._statistics), ops.isfinite(values)
