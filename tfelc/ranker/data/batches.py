"""Prepared Parquet parts -> batches of looked-up features and labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import tensorflow as tf
from numpy.typing import NDArray

from tfelc.data.dataset import Dataset
from tfelc.data.number_values import number_values
from tfelc.data.row_groups import RowGroupReader
from tfelc.features.lookup import FeatureLookup
from tfelc.ranker.data.ranked_together import RANKED_TOGETHER, RankedTogether
from tfelc.ranker.data.task_labels import task_labels
from tfelc.ranker.data.waiting_labels import WaitingLabels

_BATCHES_AHEAD = 8


class Batches:
    """Batches of one split, in an order that depends on the seed and the epoch alone.

    Rows are read by whole row groups, shuffled and looked up a window at a time, then cut into batches. The data
    position is therefore just (epoch, step): nothing before it is read when a run goes on from there.

    Args:
        dataset: The prepared dataset.
        split: `train`, `validation` or `test`.
        lookup: The fitted look-up; the same object serves the exported graph.
        tasks: The tasks whose labels are wanted.
        batch_size: Rows per batch; the last batch of an epoch may have fewer.
        seed: Seed of the shuffle.
        window: Row groups that are shuffled together. Defaults to 4.
        passes: Passes over the rows that make an epoch, each in an order of its own. Defaults to 1.
        together: What is ranked together: the rows of each group of a window then follow each other, and the labels
            hold their groups' numbers under `RANKED_TOGETHER`. Defaults to None: rows go by themselves.
        parts: How many workers share each batch, in equal parts of rows that follow each other; the last rows of an
            epoch, fewer than there are parts, are then left out. Defaults to 1: the batches are whole.
        part: Which of the parts the batches are, from 0. Defaults to 0.
    """

    def __init__(
        self,
        dataset: Dataset,
        split: str,
        lookup: FeatureLookup,
        tasks: Sequence[str],
        batch_size: int,
        seed: int = 0,
        window: int = 4,
        passes: int = 1,
        together: RankedTogether | None = None,
        parts: int = 1,
        part: int = 0,
    ) -> None:
        # Not the dataset's own schema, which may have been edited since the look-up was fitted.
        schema = lookup.schema
        dataset.check(schema)
        self._lookup = lookup
        self._tasks = {task: schema.tasks[task] for task in tasks}
        self._nullable = schema.nullable_labels
        self._weights = {task: column for task, column in schema.row_weights.items() if task in self._tasks}
        self._waiting = WaitingLabels(dataset, schema, self._tasks, split)
        self._batch_size = batch_size
        self._passes = passes
        self._together = together
        self._parts, self._part = parts, part
        self._error: Exception | None = None
        labels = [task.label for task in self._tasks.values()]
        columns = [*schema.trained_on, *labels, *self._weights.values(), *self._waiting.columns]
        columns += together.columns if together else ()
        of_group = together.of if together else None
        self._reader = RowGroupReader(dataset.files(split), list(dict.fromkeys(columns)), seed, window, of_group)

    @property
    def rows(self) -> int:
        """Rows of an epoch, of all parts together."""
        rows = self._reader.rows * self._passes
        return rows - rows % self._parts

    @property
    def steps(self) -> int:
        """Batches an epoch."""
        return -(-self.rows // self._batch_size)

    def epoch(self, epoch: int, start_step: int = 0, shuffle: bool = True) -> tf.data.Dataset:
        """The batches of one epoch, from `start_step` on.

        Returns:
            Dataset of `(features, labels)`, or `(features, labels, weights)` where a task has row weights, the weights
            by task where these have not all the same. A label that is not known is NaN, and one that may still come is
            minus the share of the outcomes that is still to come.
        """
        done, start_row = divmod(start_step * self._batch_size, self._reader.rows)

        def windows() -> Iterator[Any]:
            try:
                for number in range(done, self._passes):
                    first_row = start_row if number == done else 0
                    wanted = None if self._parts == 1 else partial(self._is_of_part, number * self._reader.rows)
                    for table in self._reader.tables(epoch * self._passes + number, first_row, shuffle, wanted):
                        if len(table):
                            yield self._encoded(table)
            except Exception as error:
                self._error = error
                raise

        dataset = tf.data.Dataset.from_generator(windows, output_signature=self._signature())
        # One window ahead, so that reading and looking up go on while the batches of the last one are trained.
        return dataset.prefetch(1).rebatch(self._batch_size // self._parts).prefetch(_BATCHES_AHEAD)

    def _is_of_part(self, first: int, places: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether rows are of this part, by their places in a pass whose first row has this place in the epoch."""
        steps, places = np.divmod(first + places, self._batch_size)
        last, rest = divmod(self.rows, self._batch_size)
        size = np.where(steps < last, self._batch_size, np.where(steps == last, rest, 0)) // self._parts
        return (places >= self._part * size) & (places < (self._part + 1) * size)

    @contextmanager
    def own_errors(self) -> Iterator[None]:
        """Raises what went wrong in reading as it was raised there, instead of TensorFlow's account of it."""
        self._error = None
        try:
            yield
        except tf.errors.OpError:
            if self._error is not None:
                raise self._error from None
            raise

    def _encoded(self, table: pa.Table) -> tuple[Any, ...]:
        labels = self._waiting.marked(task_labels(table, self._tasks, self._nullable), table)
        if self._together is not None:
            labels[RANKED_TOGETHER] = self._together.of(table)
        features = self._lookup.encode(table, biases=True)
        return features, labels, *self._weighed(lambda column: number_values(table[column]))

    def _signature(self) -> tuple[Any, ...]:
        labels = {task: tf.TensorSpec([None], tf.float32) for task in self._tasks}
        if self._together is not None:
            labels[RANKED_TOGETHER] = tf.TensorSpec([None], tf.int64)
        features = self._lookup.specs(biases=True)
        return features, labels, *self._weighed(lambda column: tf.TensorSpec([None], tf.float32))

    def _weighed(self, of: Callable[[str], Any]) -> tuple[Any, ...]:
        """What comes third: nothing, the weights of all tasks, or those of each task that has some."""
        columns = set(self._weights.values())
        if not columns:
            return ()
        if len(columns) == 1 and self._weights.keys() == self._tasks.keys():
            return (of(columns.pop()),)
        return ({task: of(column) for task, column in self._weights.items()},)
