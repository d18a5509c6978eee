"""Raw columns -> the tensors that the model reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf
from numpy.typing import NDArray

from tfelc.data.number_values import number_values
from tfelc.data.vector_values import vector_values
from tfelc.features.fitted import FittedFeatures
from tfelc.features.layout import Layout, ListFeature, SequenceFeature, Side
from tfelc.features.sequence_lists import last_places, padded_lists
from tfelc.features.vocabulary_lookup import VocabularyLookup
from tfelc.layers.hashed_rows import HASHED_IDS
from tfelc.schema.column import BIAS, Column, ColumnRole
from tfelc.schema.schema import Schema

# What a client sends for a missing number of type `integer`, which has no NaN; pandas and NumPy write NaT so.
MISSING_INTEGER = int(np.iinfo(np.int64).min)


@keras.saving.register_keras_serializable(package="tfelc")
class FeatureLookup(keras.layers.Layer):
    """Looks raw strings and numbers up: vocabularies, hashing, buckets, missing values.

    The same look-ups serve both ways in: `call` on raw tensors, inside the exported graph, and `encode` on Arrow
    tables, inside the input pipeline, where each distinct value of a row group is looked up once.

    Ids are rows of the layout's fused tables. Within a table, row 0 stands for a missing value and row 1 for an unknown
    one (a table that hashes has no unknown values). Values of a table with several hash functions have ids of their own
    above the rows, of which `FusedEmbedding` makes theirs. Missing values inside a list are as good as not there.

    Args:
        schema: The raw columns.
        fitted: Vocabularies and boundaries, from the training split.
        layout: Where each feature goes.
    """

    def __init__(self, schema: Schema, fitted: FittedFeatures, layout: Layout, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.schema = schema
        self.layout = layout
        self._tables: dict[str, Callable[[Any], Any]] = {}
        self._buckets: dict[str, keras.layers.Layer] = {}
        for name, column in schema.trained_on.items():
            table, spec = schema.table_of(name)
            if column.kind == "number":
                if column.buckets:
                    boundaries = list(fitted.numbers[name].boundaries)
                    self._buckets[name] = keras.layers.Discretization(bin_boundaries=boundaries, name=f"{name}_buckets")
            elif column.is_embedded and table not in self._tables:
                vocabulary = None if spec.hash_buckets else fitted.vocabularies[table]
                buckets = HASHED_IDS if spec.hash_functions > 1 else spec.hash_buckets
                self._tables[table] = _table_layer(table, column, buckets, vocabulary)

    def call(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """Encodes raw tensors.

        Args:
            inputs: Column -> tensor of shape `(batch,)`, or `(batch, length)` for a list. Only the roles that are given
                are encoded, each whole. A missing number is not finite, or `MISSING_INTEGER` in an integer tensor; a
                missing category, and the padding of a list, is the column's `missing` value.

        Returns:
            Key of the layout -> float32 or int32 tensor, `(batch, columns)` or `(batch, length)`.
        """
        outputs: dict[str, Any] = {}
        for side in self.layout.sides.values():
            if not any(name in inputs for name in self._columns_of(side.role)):
                continue
            if side.numbers:
                outputs[side.numbers_key] = tf.stack([_as_float(inputs[n]) for n in side.numbers], axis=1)
            for dim, names in side.ids.items():
                outputs[side.ids_key(dim)] = tf.stack([self._ids(name, inputs[name]) for name in names], axis=1)
            for feature in side.lists:
                outputs[feature.key] = self._ids(feature.column, _last_values(inputs[feature.column], feature, self))
            for vector in side.vectors:
                outputs[vector.key] = _as_float(inputs[vector.column])
        for sequence in self.layout.sequences:
            if sequence.columns[0] in inputs:
                outputs |= self._sequence(sequence, inputs)
        return outputs

    def encode(self, table: pa.Table, biases: bool = False) -> dict[str, NDArray[Any]]:
        """Encodes the rows of an Arrow table as `call` does their tensors; lists are padded to `max_length`.

        Args:
            table: The rows.
            biases: Whether the columns of role `bias` are wanted, too, as in training. Defaults to False.
        """
        outputs: dict[str, NDArray[Any]] = {}
        for side in self._sides(biases):
            if side.numbers:
                outputs[side.numbers_key] = np.stack([number_values(table[n]) for n in side.numbers], axis=1)
            for dim, names in side.ids.items():
                outputs[side.ids_key(dim)] = np.stack([self._column_ids(n, table[n]) for n in names], axis=1)
            for feature in side.lists:
                outputs[feature.key] = self._list_ids(feature, table[feature.column])
            for vector in side.vectors:
                outputs[vector.key] = vector_values(table[vector.column].combine_chunks(), vector.width)
        for sequence in self.layout.sequences:
            outputs |= self._sequence_arrays(sequence, table)
        return outputs

    def specs(self, biases: bool = False) -> dict[str, tf.TensorSpec]:
        """Shape and type of every tensor that `encode` gives, by its key.

        Args:
            biases: As of `encode`.
        """
        specs = {}
        for side in self._sides(biases):
            if side.numbers:
                specs[side.numbers_key] = tf.TensorSpec([None, len(side.numbers)], tf.float32)
            for dim, names in side.ids.items():
                specs[side.ids_key(dim)] = tf.TensorSpec([None, len(names)], tf.int32)
            for feature in side.lists:
                width = self.schema.columns[feature.column].max_length
                specs[feature.key] = tf.TensorSpec([None, width], tf.int32)
            for vector in side.vectors:
                specs[vector.key] = tf.TensorSpec([None, vector.width], tf.float32)
        for sequence in self.layout.sequences:
            shape = [None, sequence.max_length]
            specs |= {feature.key: tf.TensorSpec(shape, tf.int32) for feature in sequence.lists}
            if sequence.numbers:
                specs[sequence.numbers_key] = tf.TensorSpec([*shape, len(sequence.numbers)], tf.float32)
        return specs

    @property
    def resources(self) -> list[Any]:
        """The variables of the vocabularies, which a SavedModel must hold beside its graph."""
        lookups = [table for table in self._tables.values() if isinstance(table, VocabularyLookup)]
        return [variable for lookup in lookups for variable in lookup.resources]

    def _sides(self, biases: bool) -> list[Side]:
        return [side for side in self.layout.sides.values() if biases or side.role != BIAS]

    def _columns_of(self, role: ColumnRole) -> list[str]:
        return [name for name, column in self.schema.trained_on.items() if column.role == role]

    def _sequence(self, sequence: SequenceFeature, inputs: Mapping[str, Any]) -> dict[str, Any]:
        values = {name: inputs[name] for name in sequence.columns}
        values |= {name: _as_float(values[name]) for name in sequence.numbers}
        missing = {feature.column: self.schema.columns[feature.column].missing for feature in sequence.lists}
        values = last_places(sequence, values, missing)
        outputs = {feature.key: self._ids(feature.column, values[feature.column]) for feature in sequence.lists}
        if sequence.numbers:
            outputs[sequence.numbers_key] = tf.stack([values[name] for name in sequence.numbers], axis=2)
        return outputs

    def _sequence_arrays(self, sequence: SequenceFeature, table: pa.Table) -> dict[str, NDArray[Any]]:
        lists = {name: table[name].combine_chunks() for name in sequence.columns}
        flat = {
            name: self._distinct_ids(name, each.flatten())
            if self.schema.columns[name].is_embedded
            else number_values(pa.chunked_array([each.flatten()]))
            for name, each in lists.items()
        }
        values = padded_lists(sequence, lists, flat)
        outputs = {feature.key: values[feature.column] for feature in sequence.lists}
        if sequence.numbers:
            outputs[sequence.numbers_key] = np.stack([values[name] for name in sequence.numbers], axis=2)
        return outputs

    def _ids(self, name: str, values: Any) -> Any:
        table = self.schema.table_of(name)[0]
        offset = self.layout.offsets[table][1]
        if name in self._buckets:
            values = _as_float(values)
            ids = tf.where(tf.math.is_finite(values), tf.cast(self._buckets[name](values), tf.int32) + 1, 0)
        else:
            dtype = tf.string if self.schema.columns[name].value_type == "string" else tf.int64
            ids = tf.cast(self._tables[table](tf.cast(values, dtype)), tf.int32)
        if table in self.layout.hashed_ids:
            return tf.where(ids == 0, offset, ids + (self.layout.hashed_ids[table] - 1))
        return ids + offset

    def _column_ids(self, name: str, column: pa.ChunkedArray) -> NDArray[np.int32]:
        if name in self._buckets:
            return self._ids(name, number_values(column)).numpy()
        return self._distinct_ids(name, column.combine_chunks())

    def _distinct_ids(self, name: str, values: pa.Array) -> NDArray[np.int32]:
        encoded = values if pa.types.is_dictionary(values.type) else values.dictionary_encode()
        missing = self.schema.columns[name].missing
        distinct = encoded.dictionary.to_numpy(zero_copy_only=False)
        # The missing value goes last, so that a null finds it there.
        raw = tf.constant(np.append(distinct, [missing]), tf.string if isinstance(missing, str) else tf.int64)
        nulls_last = pc.fill_null(encoded.indices.cast(pa.int64()), len(distinct))
        return self._ids(name, raw).numpy()[nulls_last.to_numpy(zero_copy_only=False)]

    def _list_ids(self, feature: ListFeature, column: pa.ChunkedArray) -> NDArray[np.int32]:
        lists = column.combine_chunks()
        width = self.schema.columns[feature.column].max_length
        padding = np.int32(feature.offset)
        ends = np.cumsum(pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False))
        ids = self._distinct_ids(feature.column, lists.flatten())
        present = ids != padding
        if not present.all():
            ends = np.concatenate([[0], np.cumsum(present)])[ends]
            ids = ids[present]
        starts = np.concatenate([[0], ends[:-1]])
        positions = np.maximum(starts, ends - width)[:, None] + np.arange(width)
        inside = positions < ends[:, None]
        if not len(ids):
            return np.full(inside.shape, padding)
        return np.where(inside, ids[np.minimum(positions, len(ids) - 1)], padding).astype(np.int32)


def _table_layer(table: str, column: Column, buckets: int | None, vocabulary: list[Any] | None) -> Callable[[Any], Any]:
    if buckets:
        # One more than asked for: Keras gives the mask value a bucket of its own.
        return keras.layers.Hashing(buckets + 1, mask_value=column.missing, name=table)
    return VocabularyLookup(table, vocabulary or (), column.missing)


def _last_values(values: Any, feature: ListFeature, layer: FeatureLookup) -> Any:
    """Keeps a list's last `max_length` values; padding may stand anywhere, so it is moved to the front first."""
    column = layer.schema.columns[feature.column]

    def shorten() -> Any:
        order = tf.argsort(tf.cast(tf.not_equal(values, column.missing), tf.int32), axis=1, stable=True)
        return tf.gather(values, order, batch_dims=1)[:, -column.max_length :]

    return tf.cond(tf.shape(values)[1] > column.max_length, shorten, lambda: values)


def _as_float(values: Any) -> Any:
    values = tf.convert_to_tensor(values)
    if values.dtype.is_integer:
        return tf.where(tf.equal(values, MISSING_INTEGER), np.float32(np.nan), tf.cast(values, tf.float32))
    return tf.cast(values, tf.float32)
