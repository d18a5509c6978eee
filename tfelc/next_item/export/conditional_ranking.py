"""The best items of those that a request's conditions leave, in the graph of an export."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from tfelc.features.vocabulary_lookup import VocabularyLookup
from tfelc.next_item.data.item_attributes import ItemAttributes
from tfelc.next_item.export.picks import greedy_picks
from tfelc.next_item.export.signatures import ALLOW, ALLOW_ALL, AT_MOST, DENY, DIVERSITY, KEEP_SEEN, ONLY, WHERE

Tensor = Any


class Index(Protocol):
    """What scores the whole catalog."""

    def scores(self, outputs: dict[str, Tensor]) -> Tensor:
        """The scores of all items, `(batch, items)`, of what the model makes of histories."""

    def cosines(self, places: Tensor) -> Tensor:
        """How like each item is to those at some places, `(batch,)`, from -1 to 1, `(batch, items)`."""


class ConditionalRanking:
    """Ranks the whole catalog under conditions of each row; of items that score alike the lower number comes first.

    Args:
        index: Scores the items.
        popularity: How often each item occurs in training, by item number less 1, `(items,)`.
        attributes: What is known of the items; None for nothing.
        by_row: Whether one row is scored at a time, so that memory is that of one row of scores.

    Attributes:
        variables: What a SavedModel must hold.
        values: Category -> look-up of its values, which gives their codes from 1, one higher.
    """

    def __init__(self, index: Index, popularity: Any, attributes: ItemAttributes | None, by_row: bool) -> None:
        self._index = index
        self._items = len(popularity)
        self._popularity = tf.Variable(popularity.astype(np.float32), trainable=False)
        self._by_row = by_row
        known = attributes or ItemAttributes({}, {})
        self._codes = {name: tf.Variable(known.codes(name), trainable=False) for name in known.named("category")}
        self._flags = {name: tf.Variable(known.columns[name], trainable=False) for name in known.named("flag")}
        self._sizes = {name: len(known.values(name)) for name in self._codes}
        # A category that is missing everywhere has one value, which nobody can ask for.
        self.values = {name: VocabularyLookup(name, known.values(name) or ["\0"], "") for name in self._codes}
        resources = [each for lookup in self.values.values() for each in lookup.resources]
        self.variables: list[Any] = [self._popularity, *self._codes.values(), *self._flags.values(), *resources]

    def top(
        self, outputs: Mapping[str, Tensor], known: Tensor, conditions: Mapping[str, Tensor], width: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The best items of each row, in the graph of a `tf.function`.

        Args:
            outputs: Of a `SequentialRecommender`.
            known: Item numbers of each history, int32, 0 for none, `(batch, length)`.
            conditions: The inputs of `recommend_with` as numbers and truth values: of `allow` and `deny` item numbers
                as `known`, of each `where_` codes, -1 for padding and 0 for a value that is unknown, of all others one
                value for each row.
            width: int32 scalar. The items wanted, at most as many as there are.

        Returns:
            Scores, float32, `-inf` where no item is left, and item numbers, int32, both `(batch, width)`.
        """
        rows = {
            **{name: outputs[name] for name in ("embedding", "neighbor_scores") if name in outputs},
            "known": known,
            **conditions,
        }
        if not self._by_row:
            return self._top(rows, width)

        def of_one(row: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
            scores, numbers = self._top({name: value[None] for name, value in row.items()}, width)
            return scores[0], numbers[0]

        found = tf.map_fn(of_one, rows, fn_output_signature=(tf.float32, tf.int32))
        # Without a row nobody could tell how wide the answer is.
        shape = [tf.shape(known)[0], width]
        return tf.reshape(found[0], shape), tf.reshape(found[1], shape)

    def _top(self, rows: Mapping[str, Tensor], width: Tensor) -> tuple[Tensor, Tensor]:
        known = rows["known"]
        empty = tf.reduce_all(tf.equal(known, 0), axis=1, keepdims=True)
        scores = tf.where(empty, self._popularity, self._index.scores(dict(rows)))
        scores = tf.where(self._left(rows, known), scores, -math.inf)
        most = {name: rows[f"{AT_MOST}{name}"] for name in self._codes}
        chosen = [tf.reduce_any(rows[DIVERSITY] > 0), *(tf.reduce_any(each > 0) for each in most.values())]
        return tf.cond(
            tf.reduce_any(tf.stack(chosen)),
            lambda: greedy_picks(
                scores, width, rows[DIVERSITY], self._index.cosines, [(self._codes[name], most[name]) for name in most]
            ),
            lambda: _best(scores, width),
        )

    def _left(self, rows: Mapping[str, Tensor], known: Tensor) -> Tensor:
        """Where an item may be recommended, `(batch, items)`."""
        left = tf.logical_or(rows[ALLOW_ALL][:, None], self._marked(rows[ALLOW], self._items))
        seen = tf.where(rows[KEEP_SEEN][:, None], 0, known)
        left = tf.logical_and(left, ~self._marked(tf.concat([rows[DENY], seen], axis=1), self._items))
        for name, codes in self._codes.items():
            wanted = rows[f"{WHERE}{name}"]
            free = tf.reduce_all(wanted < 0, axis=1, keepdims=True)
            # Code 0, for a value that no item has and for an item without one, fits nothing.
            fits = tf.pad(self._marked(tf.maximum(wanted, 0), self._sizes[name]), [[0, 0], [1, 0]])
            left = tf.logical_and(left, tf.logical_or(free, tf.gather(fits, codes, axis=1)))
        for name, flag in self._flags.items():
            left = tf.logical_and(left, tf.logical_or(~rows[f"{ONLY}{name}"][:, None], flag))
        return left

    @staticmethod
    def _marked(numbers: Tensor, size: int) -> Tensor:
        """Where a row names a number from 1 to a size, `(batch, size)`."""
        rows, width = tf.shape(numbers, tf.int64)[0], size + 1
        places = tf.cast(numbers, tf.int64) + tf.range(rows)[:, None] * width
        flat = tf.reshape(places, [-1, 1])
        marks = tf.scatter_nd(flat, tf.ones_like(flat[:, 0], tf.int32), [rows * width])
        return tf.reshape(marks > 0, [rows, width])[:, 1:]


def _best(scores: Tensor, width: Tensor) -> tuple[Tensor, Tensor]:
    best, places = tf.math.top_k(scores, width)
    return best, places + 1
