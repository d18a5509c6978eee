"""The next-item model as TensorFlow Serving runs it: raw item ids in, raw item ids and scores out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfelc.features.vocabulary_lookup import VocabularyLookup
from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.next_item.data.item_attributes import ItemAttributes
from tfelc.next_item.export.conditional_ranking import ConditionalRanking
from tfelc.next_item.export.hybrid_index import HybridIndex
from tfelc.next_item.export.signatures import (
    ALLOW,
    ALLOW_ALL,
    DENY,
    DIVERSITY,
    EMBED,
    HISTORY,
    KEEP_SEEN,
    RECOMMEND,
    RECOMMEND_WITH,
    UNKNOWN,
    UNKNOWN_VALUES,
    WHERE,
    K,
    id_type_of,
    padding_of,
    recommender_inputs,
)
from tfelc.next_item.export.top_k_index import IndexKind, TopKIndex
from tfelc.next_item.models.elcrec import ELCRec

Tensor = Any


class RecommenderModule(tf.Module):
    """Everything that a SavedModel of a next-item model holds.

    Args:
        model: The model.
        catalog: Raw item ids by item number less 1.
        popularity: How often each item occurs in the training split, by item number less 1, `(items,)`.
        index: The kind of the top-K index; a model with neighbors, or with several vectors of a user,
            has a `HybridIndex` whatever it says.
        asset: File that goes into the SavedModel's assets.
        attributes: What is known of the items, in the order of the catalog. Defaults to None: nothing.
        repeats: Whether the items of a history are candidates as all others are. Defaults to False.

    Example:
        >>> module = RecommenderModule(model, run.catalog, counts, "brute_force", manifest)  # doctest: +SKIP
        >>> tf.saved_model.save(module, "exports/next/1", signatures=module.signatures())  # doctest: +SKIP
    """

    def __init__(
        self,
        model: ELCRec,
        catalog: list[int] | list[str],
        popularity: NDArray[np.float32],
        index: IndexKind,
        asset: Path,
        attributes: ItemAttributes | None = None,
        repeats: bool = False,
    ) -> None:
        super().__init__(name="recommender")
        self._id_type = id_type_of(catalog)
        self._items = len(catalog)
        self._max_length = model.max_length
        self._repeats = repeats
        # Through functions, so that TensorFlow tracks neither Keras 3's objects nor the index's: TensorFlow Serving
        # restores what the lists below hold, and knows nothing of theirs (tensorflow/serving#2226).
        self._call: Callable[[Tensor], dict[str, Tensor]] = lambda numbers: model(numbers, training=False)
        candidates = np.asarray(model.candidates, np.float32)[1:]
        plain = model.neighbors is None and model.vectors_per_user == 1
        found = TopKIndex(candidates, index) if plain else HybridIndex(candidates, model.vectors_per_user)
        self._top: Callable[[dict[str, Tensor], Tensor], tuple[Tensor, Tensor]] = found.top
        by_row = isinstance(found, TopKIndex) and index == "streaming"
        self._weights = [variable.value for variable in model.variables]
        self._index = found.variables
        spec = recommender_inputs(self._id_type)[EMBED][HISTORY]
        self._spec = spec
        # Item number 0 is padding, in as out.
        self._ids = tf.Variable(tf.constant([padding_of(self._id_type), *catalog], spec.dtype), trainable=False)
        self._catalog = VocabularyLookup("items", catalog, padding_of(self._id_type))
        self._lookups = self._catalog.resources
        order = np.argsort(-popularity, kind="stable")
        self._popular = tf.Variable((order + 1).astype(np.int32), trainable=False)
        self._popularity = tf.Variable(popularity[order].astype(np.float32), trainable=False)
        chosen = ConditionalRanking(found, popularity, attributes, by_row)
        self._top_with: Callable[..., tuple[Tensor, Tensor]] = chosen.top
        # As a function too: what it holds is among the variables.
        self._lookups_of: Callable[[], Mapping[str, Any]] = lambda: chosen.values
        self._conditional = chosen.variables
        self._kinds = {} if attributes is None else attributes.kinds
        self._asset = tf.saved_model.Asset(str(asset))

    def signatures(self) -> dict[str, Any]:
        """One traced function for each signature of `recommender_inputs`."""
        specs = recommender_inputs(self._id_type, self._kinds)

        def traced(function: Callable[[Mapping[str, Tensor]], dict[str, Tensor]], signature: str) -> Any:
            return tf.function(function, autograph=False).get_concrete_function(specs[signature])

        recommend = traced(self.recommend, RECOMMEND)
        return {
            SERVING_DEFAULT: recommend,
            RECOMMEND: recommend,
            RECOMMEND_WITH: traced(self.recommend_with, RECOMMEND_WITH),
            EMBED: traced(self.embed, EMBED),
        }

    def embed(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """What the model makes of histories.

        Args:
            inputs: `history`, raw item ids, oldest first, `(batch, any length)`; ids that are not in the catalog,
                such as padding, count as not there, wherever they stand.

        Returns:
            `embedding`, `(batch, dim)`, and with clusters `assignment`, `(batch, clusters)`, and `cluster`, `(batch,)`.
            A history without a known item has an embedding and an assignment of zeros, and the cluster -1.
        """
        known = self._known(inputs[HISTORY])
        return self._embed(known, self._outputs(known))

    def recommend(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Ranks the items that are not in a history, or all of them where users take items again.

        The `max_length` most recent items are read, and all are left out of the answer. A history without a known item
        is answered with the most popular items, scored by how often they occur in the training split. Of items that
        score alike the one that comes first in the catalog comes first.

        Args:
            inputs: `history` as for `embed`, and `k`, int64: the items wanted, one number or one for each row.

        Returns:
            `ids` and `scores`, `(batch, largest k)`, best first, and with clusters `cluster`, `(batch,)`. There are no
            more columns than items in the catalog; a row of which fewer items are wanted or left ends with padding
            scored `-inf`.

        Raises:
            tf.errors.InvalidArgumentError: A `k` is below 1, or there are neither one nor as many as rows.
        """
        known, counts = self._asked(inputs)
        width = tf.reduce_max(counts)
        model_outputs = self._outputs(known)
        found = self._embed(known, model_outputs)
        passed_over = tf.zeros_like(known) if self._repeats else known
        seen = tf.reduce_max(tf.math.count_nonzero(passed_over, axis=1, dtype=tf.int32))
        scores, numbers = self._top(model_outputs, tf.minimum(width + tf.maximum(seen, 0), self._items))
        scores = tf.where(_is_in(numbers, passed_over), -np.inf, scores)
        # Stable, so that what is left keeps its order.
        scores, places = tf.math.top_k(scores, width)
        numbers = tf.gather(numbers, places, batch_dims=1)
        empty = tf.reduce_all(tf.equal(known, 0), axis=1, keepdims=True)
        scores = tf.where(empty, self._popularity[:width], scores)
        numbers = tf.where(empty, self._popular[:width], numbers)
        return self._answer(scores, numbers, counts, found)

    def recommend_with(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """As `recommend`, of the items that each row's conditions leave.

        Args:
            inputs: As for `recommend`, and `allow`, raw item ids, `(batch, any length)`: of these items alone, unless
                `allow_all` says of all, one truth value or one for each row, with which `allow` must be empty; `deny`,
                likewise: of none of these. Then values that are one for all rows, or one for each: `keep_seen`, whether
                the history's own items may be recommended, which where users take items again they always may;
                `diversity`, as `greedy_picks` takes it; `only_X` of each flag X, whether an item must have it;
                `at_most_X` of each category X, how many items of one value there may be, 0 for any number. And
                `where_X`, texts, `(batch, any length)`: values of the category, one of which an item must have; "" is
                padding, and a row of padding asks for nothing.

        Returns:
            As `recommend`, and counts, `(batch,)`: `unknown`, of ids in `allow` and `deny` that the catalog lacks, and
            `unknown_values`, of values in `where_X` that no item has. They count for nothing: a row that allows or asks
            for unknown ones alone is left no item.

        Raises:
            tf.errors.InvalidArgumentError: As `recommend`, or a row allows all and names items besides, or `diversity`
                is not from 0 to 1.
        """
        known, counts = self._asked(inputs)
        rows = tf.shape(known)[0]
        model_outputs = self._outputs(known)
        lists = {name: self._listed(inputs[name]) for name in (ALLOW, DENY)}
        values = {name: _valued(inputs[f"{WHERE}{name}"], table) for name, table in self._lookups_of().items()}
        scalars = {name: each for name, each in inputs.items() if name not in (HISTORY, K, *lists)}
        conditions = {
            **{name: numbers for name, (numbers, _) in lists.items()},
            **{f"{WHERE}{name}": codes for name, (codes, _) in values.items()},
            **{name: _one_a_row(name, each, rows) for name, each in scalars.items() if not name.startswith(WHERE)},
        }
        conditions[KEEP_SEEN] = tf.logical_or(conditions[KEEP_SEEN], self._repeats)
        named = tf.reduce_any(tf.not_equal(inputs[ALLOW], self._ids[0]), axis=1)
        contrary = tf.reduce_any(tf.logical_and(conditions[ALLOW_ALL], named))
        said = f"`{ALLOW}` must hold no item in a row where `{ALLOW_ALL}` is true; send false to restrict to its items"
        within = tf.reduce_all(tf.abs(conditions[DIVERSITY] - 0.5) <= 0.5)
        checks = [
            tf.debugging.Assert(tf.logical_not(contrary), [said]),
            tf.debugging.Assert(within, [f"`{DIVERSITY}` must be from 0 to 1. Received:", inputs[DIVERSITY]]),
        ]
        with tf.control_dependencies(checks):
            conditions = {name: tf.identity(each) for name, each in conditions.items()}
        scores, numbers = self._top_with(model_outputs, known, conditions, tf.reduce_max(counts))
        outputs = self._answer(scores, numbers, counts, self._embed(known, model_outputs))
        none = tf.zeros([rows], tf.int64)
        outputs[UNKNOWN] = lists[ALLOW][1] + lists[DENY][1]
        outputs[UNKNOWN_VALUES] = sum((count for _, count in values.values()), none)
        return outputs

    def _asked(self, inputs: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """The known items of each history, and how many are wanted."""
        known = self._known(inputs[HISTORY])
        counts = tf.clip_by_value(self._checked(inputs[K], tf.shape(known)[0]), 1, self._items)
        return known, tf.cast(counts, tf.int32)

    def _numbers_of(self, ids: Tensor) -> Tensor:
        """Item numbers, int32; 0 for what is no item."""
        # The catalog's own rows begin after those of a missing and an unknown value.
        return tf.maximum(self._catalog(ids) - 1, 0)

    def _listed(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Item numbers, int32, 0 for those that are unknown, and how many of these are no padding, int64."""
        numbers = self._numbers_of(ids)
        unknown = tf.logical_and(tf.equal(numbers, 0), tf.not_equal(ids, self._ids[0]))
        return numbers, tf.math.count_nonzero(unknown, axis=1)

    def _answer(self, scores: Tensor, numbers: Tensor, counts: Tensor, found: dict[str, Tensor]) -> dict[str, Tensor]:
        scores = tf.where(tf.range(tf.reduce_max(counts)) < counts[:, None], scores, -np.inf)
        numbers = tf.where(tf.equal(scores, -np.inf), 0, numbers)
        outputs = {"ids": tf.gather(self._ids, numbers), "scores": scores}
        if "cluster" in found:
            outputs["cluster"] = found["cluster"]
        return outputs

    def _known(self, history: Tensor) -> Tensor:
        """Item numbers, int32, `(batch, length)`, the known ones moved to the right in their order.

        As wide as the most that are known of a history, but never of no width, which the model could not read.
        """
        numbers = self._numbers_of(history)
        order = tf.argsort(tf.cast(numbers > 0, tf.int32), axis=1, stable=True)
        moved = tf.pad(tf.gather(numbers, order, batch_dims=1), [[0, 0], [1, 0]])
        # Padding costs as much as items do.
        longest = tf.reduce_max(tf.math.count_nonzero(moved, axis=1, dtype=tf.int32))
        return moved[:, -tf.maximum(longest, 1) :]

    def _outputs(self, known: Tensor) -> dict[str, Tensor]:
        return self._call(known[:, -self._max_length :])

    def _embed(self, known: Tensor, found: dict[str, Tensor]) -> dict[str, Tensor]:
        empty = tf.equal(known[:, -1], 0)
        outputs = {"embedding": tf.where(empty[:, None], 0.0, tf.cast(found["embedding"], tf.float32))}
        if "cluster" in found:
            outputs["assignment"] = tf.where(empty[:, None], 0.0, found["assignment"])
            outputs["cluster"] = tf.where(empty, tf.constant(-1, tf.int64), tf.cast(found["cluster"], tf.int64))
        return outputs

    def _checked(self, k: Tensor, rows: Tensor) -> Tensor:
        """`k` as `(1,)` or `(batch,)`."""
        flat = tf.reshape(k, [-1])
        size = tf.size(flat)
        fits = tf.logical_and(tf.rank(k) < 2, tf.logical_or(tf.equal(size, 1), tf.equal(size, rows)))
        checks = [
            tf.debugging.Assert(fits, ["`k` must be one number, or one for each history. Received:", k]),
            tf.debugging.Assert(tf.reduce_all(flat >= 1), ["`k` must be at least 1. Received:", k]),
        ]
        with tf.control_dependencies(checks):
            return tf.identity(flat)


def _is_in(numbers: Tensor, known: Tensor) -> Tensor:
    """Where a row of `numbers` names an item of the same row of `known`, without a tensor of every pair."""
    ordered = tf.sort(known, axis=1)
    places = tf.minimum(tf.searchsorted(ordered, numbers), tf.shape(ordered)[1] - 1)
    return tf.equal(tf.gather(ordered, places, batch_dims=1), numbers)


def _one_a_row(name: str, values: Tensor, rows: Tensor) -> Tensor:
    """A value for each row, `(batch,)`, of one for all or of one for each."""
    flat = tf.reshape(values, [-1])
    fits = tf.logical_or(tf.equal(tf.size(flat), 1), tf.equal(tf.size(flat), rows))
    said = [f"`{name}` must be one value, or one for each history. Received:", values]
    with tf.control_dependencies([tf.debugging.Assert(fits, said)]):
        return tf.broadcast_to(flat, [rows])


def _valued(texts: Tensor, lookup: Any) -> tuple[Tensor, Tensor]:
    """Codes of values, int32, 0 for those that no item has and -1 for padding, and how many of a row no item has."""
    # Its own values begin after those of a missing and an unknown one.
    codes = lookup(texts) - 1
    return codes, tf.math.count_nonzero(tf.equal(codes, 0), axis=1)
