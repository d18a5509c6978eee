"""Items that are picked one after another, so that they resemble each other less."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

Tensor = Any
# A score counts by where it lies between the best and that of this place, or of so many times `width`, the later one.
POOL, POOL_TIMES = 100, 5


def greedy_picks(
    scores: Tensor,
    width: Tensor,
    diversity: Tensor,
    cosines: Callable[[Tensor], Tensor],
    caps: Sequence[tuple[Tensor, Tensor]],
) -> tuple[Tensor, Tensor]:
    """Picks items one after another, in the graph of a `tf.function`.

    The next item of a row is the best by `(1 - d) * r - d * s` (maximal marginal relevance). d is the row's
    `diversity`; r is where the score lies between the best one (1) and that of the 100th item, or of `5 * width` where
    that is more (0); s is the largest cosine with an item picked before, 0 for the first. Where d is 0 it is the best
    by its score. An item whose value of a category was picked as often as its cap says is passed over.

    Args:
        scores: `(batch, items)`, `-inf` where an item may not be picked.
        width: int32 scalar. The items wanted.
        diversity: From 0 to 1, `(batch,)`.
        cosines: Gives the cosines of all items with those at some places, `(batch,)`, as `(batch, items)`.
        caps: Codes of a category by item, 0 for none, `(items,)`, and how many items of one value there may be, 0 for
            any number, int64, `(batch,)`; of each category.

    Returns:
        Scores, float32, `-inf` where no item was left, and item numbers, int32, both `(batch, width)`.

    Source: Carbonell and Goldstein (1998), section 2.
    """
    items = tf.shape(scores)[1]
    places = _places(scores, width)
    share, diverse = diversity[:, None], tf.reduce_any(diversity > 0)

    def step(at: Tensor, left: Tensor, nearest: Tensor, picked: Tensor, found: Tensor) -> tuple[Tensor, ...]:
        value = tf.where(share > 0, (1 - share) * places - share * nearest, scores)
        place = tf.argmax(tf.where(left, value, -math.inf), axis=1, output_type=tf.int32)
        is_left = tf.gather(left, place, batch_dims=1)
        now = tf.range(width)[None, :] == at
        picked = tf.where(now, place[:, None], picked)
        score = tf.where(is_left, tf.gather(scores, place, batch_dims=1), -math.inf)
        found = tf.where(now, score[:, None], found)
        left = tf.logical_and(left, tf.range(items)[None, :] != place[:, None])
        left = _below_caps(left, place, picked, tf.logical_and(tf.range(width)[None, :] <= at, found > -math.inf), caps)
        nearest = tf.cond(diverse, lambda: _nearer(at, nearest, cosines(place)), lambda: nearest)
        return at + 1, left, nearest, picked, found

    shape = [tf.shape(scores)[0], width]
    start = (0, scores > -math.inf, tf.zeros_like(scores), tf.zeros(shape, tf.int32), tf.fill(shape, -math.inf))
    # Of a catalog of one item a shape would be known before the loop, and not in it.
    shapes = (tf.TensorShape([]), *[tf.TensorShape([None, None])] * 4)
    *_, picked, found = tf.while_loop(lambda at, *_: at < width, step, start, shapes)
    return found, picked + 1


def _places(scores: Tensor, width: Tensor) -> Tensor:
    """Where each score lies between the best one and that of the last item of the pool."""
    size = tf.minimum(tf.maximum(POOL, POOL_TIMES * width), tf.shape(scores)[1])
    best = tf.math.top_k(scores, size).values
    top = best[:, :1]
    low = tf.reduce_min(tf.where(best > -math.inf, best, top), axis=1, keepdims=True)
    return (scores - low) / tf.where(top > low, top - low, 1.0)


def _nearer(at: Tensor, nearest: Tensor, now: Tensor) -> Tensor:
    return tf.where(at > 0, tf.maximum(nearest, now), now)


def _below_caps(
    left: Tensor, place: Tensor, picked: Tensor, real: Tensor, caps: Sequence[tuple[Tensor, Tensor]]
) -> Tensor:
    """Where an item is left that has no value which has been picked as often as it may be."""
    for codes, most in caps:
        code = tf.gather(codes, place)[:, None]
        same = tf.logical_and(tf.gather(codes, picked) == code, real)
        full = tf.logical_and(most > 0, tf.math.count_nonzero(same, axis=1) >= most)[:, None]
        left = tf.logical_and(left, ~tf.logical_and(tf.logical_and(full, code > 0), codes[None, :] == code))
    return left
