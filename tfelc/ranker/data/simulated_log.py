"""Writes the simulated live-streaming log as a prepared dataset."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfelc.core.errors import UsageError
from tfelc.data.dataset_writer import DatasetWriter
from tfelc.ranker.data.simulated_world import Impressions, SimulatedWorld
from tfelc.schema.schema import Schema

SCHEMA_FILE = Path(__file__).with_name("simulated_log.yaml")
_BLOCK = 65_536
_BINS = 1 << 16


def prepare(
    rows: int,
    seed: int,
    out: Path,
    users: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Simulates a log and writes it: the first 80 % of the time for training, then 10 % and 10 %.

    Memory does not depend on `rows` or `users`. The manifest's `best_possible_auc` is the AUC of the true probabilities
    on the test split, by output: no model can expect more.

    Args:
        rows: Rows of all splits together, at least 100.
        seed: Seed of everything; equal arguments give equal files.
        out: The folder to make.
        users: Number of users. Defaults to one for 20 rows.
        progress: Called with the rows written so far and their total.

    Raises:
        UsageError: `rows` or `users` is too small.
        DataError: `out` exists or cannot be written.
    """
    if rows < 100:
        raise UsageError(f"`rows` must be at least 100. Received: {rows}", ["rows"])
    users = max(1, rows // 20) if users is None else users
    if users < 1:
        raise UsageError(f"`users` must be at least 1. Received: {users}", ["users"])
    world = SimulatedWorld(seed, users)
    ends = {"train": rows * 8 // 10, "validation": rows * 9 // 10, "test": rows}
    best = {output: _BinnedAuc() for output in ("ctr", "cvr", "ctcvr")}
    source = f"simulated live streaming: {rows} rows, {users} users"
    with DatasetWriter(out, Schema.load(SCHEMA_FILE), source, seed) as writer:
        for numbers, drawn in _drawn_ahead(world, rows):
            start = 0
            for split, end in ends.items():
                stop = int(np.searchsorted(numbers, end))
                writer.write(split, drawn.table.slice(start, stop - start))
                start = stop
            of_test = numbers >= ends["validation"]
            click, conversion = (drawn.table[name].to_numpy()[of_test] == 1 for name in ("click", "conversion"))
            p_click, p_conversion = drawn.click_probability[of_test], drawn.conversion_probability[of_test]
            best["ctr"].add(click, p_click)
            best["cvr"].add(conversion[click], p_conversion[click])
            best["ctcvr"].add(conversion, p_click * p_conversion)
            progress(int(numbers[-1]) + 1, rows)
        writer.metadata["users"] = users
        writer.metadata["best_possible_auc"] = {output: auc.value for output, auc in best.items()}


def _drawn_ahead(world: SimulatedWorld, rows: int) -> Iterator[tuple[NDArray[np.int64], Impressions]]:
    """Draws each block while the one before it is written."""

    def draw(block: int) -> tuple[NDArray[np.int64], Impressions]:
        numbers = np.arange(block * _BLOCK, min(rows, (block + 1) * _BLOCK))
        return numbers, world.impressions(block, numbers, rows)

    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(draw, 0)
        for block in range(1, -(-rows // _BLOCK)):
            drawn = waiting.result()
            waiting = pool.submit(draw, block)
            yield drawn
        yield waiting.result()


class _BinnedAuc:
    """AUC of a stream, from counts by probability: exact but for ties within 1/65,536."""

    def __init__(self) -> None:
        self._counts = np.zeros((2, _BINS), np.int64)

    def add(self, positive: NDArray[np.bool_], probability: NDArray[np.float32]) -> None:
        bins = (probability * np.float32(_BINS)).astype(np.int64).clip(0, _BINS - 1)
        for label in (0, 1):
            self._counts[label] += np.bincount(bins[positive == label], minlength=_BINS)

    @property
    def value(self) -> float | None:
        """The AUC; none where one class is missing."""
        negatives, positives = self._counts.astype(np.float64)
        pairs = negatives.sum() * positives.sum()
        below = negatives.cumsum() - negatives / 2
        return float((positives * below).sum() / pairs) if pairs else None
