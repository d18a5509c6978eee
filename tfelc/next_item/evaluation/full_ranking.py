"""The rank of each target among the whole catalog, found by counting."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.evaluation.best_places import best_places

# Blocks in work at the same time: one is counted while the next one is scored. Memory is that of so many.
_WORKERS = 2
_ROWS, _SCORES = 128, 2**24


class Scorer(Protocol):
    """What can be ranked: a model that scores every item after each history, for several threads at a time."""

    def scores(self, examples: Examples) -> NDArray[np.float32]:
        """Scores by item number, `(examples, items + 1)`; column 0 belongs to padding and is not looked at."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """The result of `full_ranking`.

    Attributes:
        ranks: Rank of each target from 1, in the order of the examples, `(examples,)`, int32; one more than there are
            items where the target was no candidate.
        best: Numbers of the best candidates of each example, best first, 0 where fewer are left, `(examples, any)`,
            int32.
    """

    ranks: NDArray[np.int32]
    best: NDArray[np.int32]


def full_ranking(
    scorer: Scorer,
    examples: Examples,
    num_items: int,
    remove_seen: bool = True,
    progress: Callable[[int, int], None] = lambda done, total: None,
    rows: int | None = None,
    best: int = 0,
) -> Ranking:
    """Ranks the target of each example among all items: `1 + |{candidates that score at least as high}|`.

    A tie counts against the target, so that a model which scores all items alike gets nothing. No candidates are
    sampled (Krichene and Rendle, 2020), no more than the best are sorted, and memory is that of two blocks of rows.

    Args:
        scorer: The model.
        examples: Whole histories, with targets.
        num_items: Items in the catalog.
        remove_seen: Whether the items of a user's history are no candidates. A target that was seen before is then a
            certain miss. Defaults to True.
        progress: Called with the examples ranked so far and their total.
        rows: Examples a block. Defaults to None: 128, and fewer where they have more than 16 million scores.
        best: How many of the best candidates are kept; of equal ones the lower number comes first. Defaults to 0.

    Raises:
        DataError: A score is NaN, or the scores are not of shape `(rows, items + 1)`.
    """
    rows = rows or int(np.clip(_SCORES // num_items, 1, _ROWS))
    ranks = np.empty(len(examples), np.int32)
    found = np.zeros((len(examples), min(best, num_items)), np.int32)

    def rank(start: int) -> int:
        block = examples.take(slice(start, start + rows))
        scores = _checked(np.asarray(scorer.scores(block)), (len(block), num_items + 1), start)[:, 1:]
        ranks[start : start + rows] = _ranks(scores, block, remove_seen)
        if best:
            found[start : start + rows] = _best(scores, block, remove_seen, found.shape[1])
        return start + len(block)

    with ThreadPoolExecutor(_WORKERS) as pool:
        for done in pool.map(rank, range(0, len(examples), rows)):
            progress(done, len(examples))
    return Ranking(ranks, found)


def _checked(scores: NDArray[Any], shape: tuple[int, int], start: int) -> NDArray[Any]:
    if scores.shape != shape:
        raise DataError(f"scores must be of shape {shape}. Received: shape={scores.shape}")
    if np.isnan(scores[:, 1:].min()):
        row = int(np.argmax(np.isnan(scores[:, 1:]).any(axis=1)))
        raise DataError(
            f"the model's scores of example {start + row} hold NaN; train it again, with a lower learning rate"
        )
    return scores


def _ranks(scores: NDArray[Any], block: Examples, remove_seen: bool) -> NDArray[np.int64]:
    items = scores.shape[1]
    targets = block.targets.astype(np.int64) - 1
    to_beat = scores[np.arange(len(block)), targets]
    # A call a row: counting along an axis first widens each truth value to eight bytes.
    ranks = np.array([np.count_nonzero(row) for row in scores >= to_beat[:, None]])
    if not remove_seen:
        return ranks
    row, place = block.entries()
    # Each pair once: what was seen twice must not be taken away twice.
    row, item = np.divmod(np.unique(row * items + block.actions[place] - 1), items)
    above = scores[row, item] >= to_beat[row]
    ranks -= np.bincount(row[above], minlength=len(block))
    ranks[row[item == targets[row]]] = items + 1
    return ranks


def _best(scores: NDArray[Any], block: Examples, remove_seen: bool, count: int) -> NDArray[np.int32]:
    left = np.array(scores)
    if remove_seen:
        row, place = block.entries()
        left[row, block.actions[place] - 1] = -np.inf
    made = np.zeros((len(left), count), np.int32)
    for number, of_row in enumerate(left):
        order = best_places(of_row, count)
        made[number] = np.where(of_row[order] > -np.inf, order + 1, 0)
    return made
