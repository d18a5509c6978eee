"""Looked-up features -> one vector for each side: user, activity, item, context, and their interactions."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import Any

import keras
import numpy as np
from keras import ops

from tfelc.features.fitted import NumberStatistics
from tfelc.features.layout import Layout, Side
from tfelc.features.number_bins import NumberBins
from tfelc.features.scaled_numbers import scaled_numbers
from tfelc.features.sequence_pool import SequencePool
from tfelc.layers.fused_embedding import FusedEmbedding
from tfelc.schema.column import BIAS
from tfelc.schema.schema import Schema

Tensor = Any
# A number this many standard deviations out says no more than that it is extreme.
_LARGEST = 10.0


@keras.saving.register_keras_serializable(package="tfelc")
class FeatureEncoder(keras.layers.Layer):
    """Embeds ids, pools lists, standardizes numbers.

    Missing numbers become the default of the schema, or the training mean, and raise a flag where the training split
    had any. What is standardized is cut off at 10 standard deviations.
    A number with bins is also seen through them: each bin is 0 below, 1 above, and linear within (piecewise linear
    encoding, Gorishniy et al. 2022); those of a missing number are 0.
    A vector is standardized over all its numbers; a missing one is a vector that is learned and begins as 0.
    Lists are averaged over the values that are there; an empty list is a zero vector. Sequences are pooled as the
    schema says; what differs by candidate is a side of its own, under the key `history`.
    Where the columns of role `bias` are not given, as in serving, that side is one row, at their defaults.

    Args:
        schema: Schema, or its dictionary. The columns.
        numbers: Mapping of number column to NumberStatistics, or its dictionary.
        table_rows: Mapping of embedding table to its rows.
        embedding_dim: int. Width of the tables whose schema names none.
        interactions: bool. Whether to add, for each history and candidate that share a table, the product of their
            vectors, under the key `interaction`. Defaults to True.
        dropout: float. On embeddings. Defaults to 0.
        pooling: Mapping of `hidden`, `dim` and `num_heads` of `SequencePool`. Defaults to 32, 32 and 2.

    Call arguments:
        inputs: Mapping of layout key to tensor, as `FeatureLookup` gives them.

    Returns:
        Mapping of role (and `history` and `interaction`) to a tensor of shape `(batch of that side, width)`.
    """

    def __init__(
        self,
        schema: Schema | dict[str, Any],
        numbers: Mapping[str, NumberStatistics | dict[str, Any]],
        table_rows: Mapping[str, int],
        embedding_dim: int,
        interactions: bool = True,
        dropout: float = 0.0,
        pooling: Mapping[str, int] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.schema = Schema.model_validate(schema)
        self.numbers = {name: NumberStatistics.model_validate(value) for name, value in numbers.items()}
        self.table_rows = dict(table_rows)
        self.embedding_dim = embedding_dim
        self.interactions = interactions
        self.dropout = dropout
        self.pooling = dict(pooling or {"hidden": 32, "dim": 32, "num_heads": 2})
        self.layout = Layout.of(self.schema, self.table_rows, embedding_dim)
        self.standardize = {}
        self._binned = {role: NumberBins.of(side, self.numbers) for role, side in self.layout.sides.items()}
        for role, side in self.layout.sides.items():
            if side.numbers:
                mean, variance = self._moments(side)
                layer = keras.layers.Normalization(mean=mean, variance=variance, dtype="float32", name=f"{role}_scale")
                # Here and not in `build`, which may run inside a graph: Keras keeps the moments as plain tensors.
                layer.build((None, len(side.numbers)))
                self.standardize[role] = layer

    def build(self, input_shape: Any) -> None:
        """Makes the fused tables and the standardization."""
        self.tables = {
            dim: FusedEmbedding(
                rows,
                dim,
                frozen=self._frozen_rows(dim),
                hashed=self.layout.hashed.get(dim, ()),
                dtype=self.dtype_policy,
                name=f"tables_{dim}",
            )
            for dim, rows in self.layout.fused_rows.items()
        }
        for table in self.tables.values():
            table.build((None,))
        self.drop = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy)
        self.missing_vectors = {
            vector.column: self.add_weight(shape=(vector.width,), initializer="zeros", name=f"missing_{vector.column}")
            for side in self.layout.sides.values()
            for vector in side.vectors
        }
        self.sequences: dict[str, Any] = {}
        widths = {name: self.layout.offsets[self.schema.table_of(name)[0]][0] for name in self._candidates}
        for sequence in self.layout.sequences:
            pool = SequencePool(
                sequence,
                self.schema.columns,
                self.numbers,
                widths,
                **self.pooling,
                dtype=self.dtype_policy,
                name=f"sequence_{sequence.name}",
            )
            pool.build()
            self.sequences[sequence.name] = pool

    def _frozen_rows(self, dim: int) -> list[tuple[int, int]]:
        """The rows of a fused table that are not trained: those of values, but not of missing and unknown ones."""
        frozen = [name for name, table in self.schema.tables.items() if not table.trainable]
        places = [(self.layout.offsets[name], self.table_rows[name]) for name in frozen if name in self.layout.offsets]
        return [(first + 2, first + rows) for (width, first), rows in places if width == dim]

    @property
    def output_slots(self) -> dict[str, list[str]]:
        """What each place of each output holds, by a name that does not depend on the order of the columns."""
        slots: dict[str, list[str]] = {}
        for role, side in self.layout.sides.items():
            numbers = [f"{name}/number" for name in side.numbers]
            flags = [f"{name}/missing" for name in side.numbers if self.numbers[name].missing]
            binned = [
                f"{name}/bin/{position}"
                for name in side.numbers
                for position in range(max(len(self.numbers[name].edges) - 1, 0))
            ]
            ids = [_embedded(name, dim) for dim, names in side.ids.items() for name in names]
            lists = [_embedded(feature.column, feature.dim) for feature in side.lists]
            lists += [_embedded(vector.column, vector.width) for vector in side.vectors]
            pooled = [pool.output_slots for pool in self._pools(role)]
            if found := [*numbers, *flags, *binned, *chain.from_iterable([*ids, *lists, *pooled])]:
                slots[role] = found
        if pools := self._pools("history"):
            slots["history"] = [*chain.from_iterable(pool.output_slots for pool in pools)]
        if self.interactions and self.layout.pairs:
            widths = [self.layout.offsets[self.schema.table_of(history)[0]][0] for history, _ in self.layout.pairs]
            pairs = zip(self.layout.pairs, widths, strict=True)
            slots["interaction"] = [*chain.from_iterable(_embedded(" x ".join(pair), dim) for pair, dim in pairs)]
        return slots

    @property
    def output_widths(self) -> dict[str, int]:
        """Width of each output, in the order of the outputs."""
        return {side: len(slots) for side, slots in self.output_slots.items()}

    def call(self, inputs: Mapping[str, Tensor], training: bool | None = None) -> dict[str, Tensor]:
        """Encodes every side whose features are given."""
        outputs: dict[str, Tensor] = {}
        vectors: dict[str, Tensor] = {}
        inputs = {**self._served_biases(), **inputs}
        for role, side in self.layout.sides.items():
            parts = []
            if side.numbers:
                parts.append(self._number_features(side, inputs[side.numbers_key]))
            for dim, names in side.ids.items():
                embedded = self.drop(self.tables[dim](inputs[side.ids_key(dim)]), training=training)
                vectors |= {name: embedded[:, position] for position, name in enumerate(names)}
                parts.append(ops.reshape(embedded, (-1, len(names) * dim)))
            for feature in side.lists:
                pooled = self.tables[feature.dim].mean(inputs[feature.key], feature.offset)
                vectors[feature.column] = self.drop(pooled, training=training)
                parts.append(vectors[feature.column])
            parts += [self._vector(each.column, inputs[each.key]) for each in side.vectors]
            for pool in self._pools(role):
                parts.append(self._pooled(pool, inputs, vectors, training))
            if parts:
                outputs[role] = ops.concatenate(parts, axis=-1)
        if pools := self._pools("history"):
            histories = [self._pooled(pool, inputs, vectors, training) for pool in pools]
            outputs["history"] = ops.concatenate(histories, axis=-1)
        if self.interactions and self.layout.pairs:
            products = [vectors[history] * vectors[candidate] for history, candidate in self.layout.pairs]
            outputs["interaction"] = ops.concatenate(products, axis=-1)
        return outputs

    def _served_biases(self) -> dict[str, Tensor]:
        """The inputs of the columns of role `bias`, at their defaults: one row."""
        if (side := self.layout.sides.get(BIAS)) is None:
            return {}
        found: dict[str, Any] = {}
        for dim, names in side.ids.items():
            # What a category's default is, is its missing value, and has the first row of its table.
            first = [self.layout.offsets[self.schema.table_of(name)[0]][1] for name in names]
            found[side.ids_key(dim)] = np.array([first], "int32")
        if side.numbers:
            found[side.numbers_key] = np.array([[self._default(name) for name in side.numbers]], "float32")
        return {key: ops.convert_to_tensor(values) for key, values in found.items()}

    @property
    def _candidates(self) -> list[str]:
        return [candidate for sequence in self.layout.sequences for _, candidate in sequence.pairs]

    def _pools(self, side: str) -> list[SequencePool]:
        """What pools the sequences of a role that are the same for all candidates, or those of `history`."""
        pools = self.sequences.values()
        return [one for one in pools if side == ("history" if one.sequence.sees_candidate else one.sequence.role)]

    def _pooled(
        self, pool: SequencePool, inputs: Mapping[str, Tensor], vectors: dict[str, Tensor], training: bool | None
    ) -> Tensor:
        pooled = self.drop(pool(inputs, vectors, tables=self.tables), training=training)
        if pool.sequence.pooling != "transformer":
            start = 0
            for feature in pool.sequence.lists:
                vectors[feature.column] = pooled[:, start : start + feature.dim]
                start += feature.dim
        return pooled

    def _vector(self, name: str, values: Tensor) -> Tensor:
        there = ops.all(ops.isfinite(values), axis=-1, keepdims=True)
        scaled = ops.cast(scaled_numbers(values, [self.schema.columns[name]], [self.numbers[name]]), self.compute_dtype)
        return ops.where(there, scaled, ops.convert_to_tensor(self.missing_vectors[name]))

    def _number_features(self, side: Side, values: Tensor) -> Tensor:
        columns = [self.schema.columns[name] for name in side.numbers]
        is_raw = np.array([c.transform == "none" for c in columns])
        is_log = np.array([c.transform == "log" for c in columns])
        # An infinity says as little as a NaN; the statistics leave both out.
        absent = ops.logical_not(ops.isfinite(values))
        values = ops.where(absent, np.array([self._default(name) for name in side.numbers], np.float32), values)
        if is_log.any():
            # log1p of the absolute value is finite on both branches, so that no NaN gets into the gradients.
            values = ops.where(is_log, ops.sign(values) * ops.log1p(ops.abs(values)), values)
        bins = self._binned[side.role]
        binned = bins.filled(values, absent) if len(bins) else None
        values = self.standardize[side.role](values)
        values = ops.where(is_raw, values, ops.clip(values, -_LARGEST, _LARGEST))
        # The mean of a logarithm is no value on the raw scale: it is put in here, where every mean is 0.
        to_mean = np.array([c.default is None for c in columns]) & ~is_raw
        values = ops.where(ops.logical_and(absent, to_mean), 0.0, values)
        flagged = [position for position, name in enumerate(side.numbers) if self.numbers[name].missing]
        if flagged:
            flags = ops.take(ops.cast(absent, "float32"), np.array(flagged), axis=1)
            values = ops.concatenate([values, flags], axis=-1)
        if binned is not None:
            values = ops.concatenate([values, binned], axis=-1)
        return ops.cast(values, self.compute_dtype)

    def _default(self, name: str) -> float:
        column = self.schema.columns[name]
        if column.default is not None:
            return float(column.default)
        return self.numbers[name].mean if column.transform == "none" else 0.0

    def _moments(self, side: Side) -> tuple[list[float], list[float]]:
        raw = [self.schema.columns[name].transform == "none" for name in side.numbers]
        mean = [0.0 if r else self.numbers[n].mean for n, r in zip(side.numbers, raw, strict=True)]
        variance = [1.0 if r else self.numbers[n].variance for n, r in zip(side.numbers, raw, strict=True)]
        return mean, variance

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {
            **super().get_config(),
            "schema": self.schema.model_dump(mode="json"),
            "numbers": {name: value.model_dump(mode="json") for name, value in self.numbers.items()},
            "table_rows": self.table_rows,
            "embedding_dim": self.embedding_dim,
            "interactions": self.interactions,
            "dropout": self.dropout,
            "pooling": self.pooling,
        }


def _embedded(column: str, dim: int) -> list[str]:
    return [f"{column}/{place}" for place in range(dim)]
