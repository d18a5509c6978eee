"""The best items of those that a request's conditions leave, in the graph of an export."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

from tfelc.next_item.export.signatures import ALLOW, ALLOW_ALL, DENY, KEEP_SEEN

Tensor = Any


class ConditionalRanking:
    """Ranks the whole catalog under conditions of each row; of items that score alike the lower number comes first.

    Args:
        items: Items of the catalog.
        scores: Gives the scores of all items, `(batch, items)`, of what the model makes of histories.
        popularity: Variable. How often each item occurs in training, by item number less 1, `(items,)`.
        by_row: Whether one row is scored at a time, so that memory is that of one row of scores.

    Attributes:
        variables: What a SavedModel must hold.
    """

    def __init__(
        self, items: int, scores: Callable[[dict[str, Tensor]], Tensor], popularity: Any, by_row: bool
    ) -> None:
        self._items = items
        self._scores = scores
        self._popularity = popularity
        self._by_row = by_row
        self.variables: list[Any] = [popularity]

    def top(
        self, outputs: Mapping[str, Tensor], known: Tensor, conditions: Mapping[str, Tensor], width: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The best items of each row, in the graph of a `tf.function`.

        Args:
            outputs: Of a `SequentialRecommender`.
            known: Item numbers of each history, int32, 0 for none, `(batch, length)`.
            conditions: `allow` and `deny`, item numbers as `known`, and `allow_all` and `keep_seen`, bool, `(batch,)`.
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
        scores = tf.where(empty, self._popularity, self._scores(dict(rows)))
        left = tf.logical_or(rows[ALLOW_ALL][:, None], self._marked(rows[ALLOW]))
        seen = tf.where(rows[KEEP_SEEN][:, None], 0, known)
        out = self._marked(tf.concat([rows[DENY], seen], axis=1))
        best, places = tf.math.top_k(tf.where(tf.logical_and(left, ~out), scores, -math.inf), width)
        return best, places + 1

    def _marked(self, numbers: Tensor) -> Tensor:
        """Where a row names an item, by item number less 1, `(batch, items)`."""
        rows, width = tf.shape(numbers, tf.int64)[0], self._items + 1
        places = tf.cast(numbers, tf.int64) + tf.range(rows)[:, None] * width
        flat = tf.reshape(places, [-1, 1])
        marks = tf.scatter_nd(flat, tf.ones_like(flat[:, 0], tf.int32), [rows * width])
        return tf.reshape(marks > 0, [rows, width])[:, 1:]
