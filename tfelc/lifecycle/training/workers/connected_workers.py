"""Several processes that train one model, by TensorFlow's collective operations."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
import tensorflow as tf

from tfelc.core.batch_parts import BatchParts
from tfelc.core.errors import RunError, UsageError
from tfelc.lifecycle.training.optimizers.row_gradient import unique_rows
from tfelc.lifecycle.training.threads import intra_op_threads
from tfelc.lifecycle.training.workers.cluster import Cluster
from tfelc.lifecycle.training.workers.lost_worker import LOST
from tfelc.lifecycle.training.workers.packed_rows import packed_rows, unpacked_rows
from tfelc.lifecycle.training.workers.workers import Workers

# What operations end with once a worker is gone; the second also without, and then says nothing of them.
_LOST = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)
_PERHAPS_LOST = tf.errors.InternalError
_HALF = 1 << 16
# Apart from the numbers that the strategy gives its own groups.
_GROUP = 1 << 20
# Lengths of exchanged vectors to each doubling, and more than there are of them in all.
_LENGTHS, _NUMBERS = 4, 1024


class ConnectedWorkers(Workers):
    """The workers of a cluster, each with the whole model and a part of each batch.

    `MultiWorkerMirroredStrategy` connects them and watches over them. The model is not made under it: each worker has
    plain variables, trained by Keras's `fit`, and moves them by the same gradients, which collective operations add up.
    The strategy's own way of adding up fails in Keras's loop of several steps.

    Args:
        cluster: Cluster. Their addresses, also in the environment's `TF_CONFIG`.

    Raises:
        RunError: Not all of them came.
        UsageError: This one has several GPUs.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.count = len(cluster.addresses)
        self.rank = cluster.rank
        try:
            self._strategy = tf.distribute.MultiWorkerMirroredStrategy()
        except (tf.errors.OpError, RuntimeError) as error:
            raise RunError(f"the workers {', '.join(cluster.addresses)} do not come together: {_line(error)}") from None
        if self._strategy.num_replicas_in_sync != self.count:
            raise UsageError("a worker takes one GPU: start one for each, with its number in CUDA_VISIBLE_DEVICES")
        self._operations = 0
        self._eager_sums = tf.function(self._sums, autograph=False)

    @property
    def batch_parts(self) -> BatchParts:
        """See `Workers`."""
        return BatchParts(self.count, self.rank, self._means)

    def any(self, said: bool) -> bool:
        """See `Workers`."""
        return bool(self._added(np.asarray([said], np.float32))[0])

    def finish(self) -> None:
        """See `Workers`."""
        # A worker has the result of an operation before the others have it from that worker: had it ended then, they
        # would have lost it. Who comes here needs nothing more of the others, so that theirs is the only end to miss.
        with suppress(RunError):
            self.wait()

    def mean_gradients(self, gradients: Sequence[Any]) -> list[Any]:
        """See `Workers`."""
        found = list(gradients)
        dense = [place for place, one in enumerate(found) if one is not None and not _is_sparse(one)]
        sparse = [place for place, one in enumerate(found) if _is_sparse(one)]
        slices = [_each_row_once(found[place]) for place in sparse]
        # How many rows the others have of each table comes with the dense gradients, for the exchange of the tables.
        counts = [tf.one_hot(self.rank, self.count) * tf.cast(tf.size(one.indices), tf.float32) for one in slices]
        *totals, of_tables = self._sums([*(found[place] for place in dense), tf.stack(counts, 1) if slices else 0.0])
        for place, total in zip(dense, totals, strict=True):
            found[place] = total / self.count
        if slices:
            of_tables = tf.cast(of_tables, tf.int32)
            sizes = tf.unstack(tf.reduce_max(of_tables, 0))
            vectors = self._gathered(packed_rows(slices, sizes))
            for place, rows in zip(sparse, unpacked_rows(vectors, slices, of_tables, sizes), strict=True):
                found[place] = tf.IndexedSlices(rows.values / self.count, rows.indices, rows.dense_shape)
        return found

    def agree(self, variables: Sequence[Any], before: Sequence[Any]) -> None:
        """See `Workers`."""
        if not variables:
            return
        old = [np.asarray(each, np.float64) for each in before]
        added = [variable.numpy() - each for variable, each in zip(variables, old, strict=True)]
        totals = self._added(np.concatenate([np.ravel(each) for each in added]))
        ends = np.cumsum([each.size for each in added])[:-1]
        for variable, each, total in zip(variables, old, np.split(totals, ends), strict=True):
            variable.assign((each + total.reshape(each.shape)).astype(variable.numpy().dtype))

    def check_equal(self, variables: Sequence[Any]) -> None:
        """See `Workers`."""
        total = 0
        for variable in variables:
            total = zlib.crc32(np.ascontiguousarray(variable.numpy()).tobytes(), total)
        own = np.zeros([self.count, 3])
        own[self.rank] = total // _HALF, total % _HALF, intra_op_threads()
        found = self._added(own)
        if other := [rank for rank in range(self.count) if (found[rank, :2] != found[0, :2]).any()]:
            reason = "another machine or version of TensorFlow computes other last digits"
            if (found[:, 2] != found[0, 2]).any():
                threads = ", ".join(str(int(number)) for number in found[:, 2])
                reason = f"they have {threads} threads; set TF_NUM_INTRAOP_THREADS to one number for all"
            raise RunError(f"the weights of worker {other[0]} are no longer those of worker 0: {reason}")

    @contextmanager
    def own_errors(self) -> Iterator[None]:
        """See `Workers`."""
        try:
            yield
        except (*_LOST, _PERHAPS_LOST) as error:
            if isinstance(error, _LOST) or "ollective ops is aborted" in str(error):
                raise RunError(f"{LOST}; start all of them again, to go on by `resume`", ["resume"]) from None
            raise

    def _added(self, values: Any) -> Any:
        with self.own_errors():
            return self._eager_sums([tf.constant(values)])[0].numpy()

    def _means(self, tensors: Sequence[Any]) -> list[Any]:
        return [total / self.count for total in self._sums([tf.stop_gradient(each) for each in tensors])]

    def _sums(self, tensors: Sequence[Any]) -> list[Any]:
        """The sums of floats over the workers, by one operation."""
        placed = [tf.convert_to_tensor(each) for each in tensors]
        flat = tf.concat([tf.reshape(each, [-1]) for each in placed], 0)
        total = tf.raw_ops.CollectiveReduceV2(
            input=flat, merge_op="Add", final_op="Id", ordering_token=[], **self._of_operation()
        )
        parts = tf.split(total, [tf.size(each) for each in placed], num=len(placed))
        return [tf.reshape(part, tf.shape(each)) for part, each in zip(parts, placed, strict=True)]

    def _gathered(self, vector: Any) -> Any:
        """The vectors of all workers, of one length, as rows in the order of their ranks."""
        # Operations of one number must be of one shape, and the rows of a table are not: a number for each of some
        # lengths that vectors are filled up to, since one for each step would never be forgotten.
        length = tf.size(vector)
        number = tf.cast(tf.math.ceil(_LENGTHS * tf.math.log(tf.cast(length, tf.float64)) / math.log(2)), tf.int32)
        filled = tf.cast(tf.math.ceil(tf.pow(tf.constant(2, tf.float64), number / _LENGTHS)), tf.int32)
        row = tf.pad(vector, [[0, tf.maximum(filled - length, 0)]])[None]
        found = tf.raw_ops.CollectiveGatherV2(input=row, ordering_token=[], **self._of_operation(number))
        return tf.ensure_shape(found[:, :length], [self.count, None])

    def _of_operation(self, number: Any = 0) -> dict[str, Any]:
        # All workers build the same operations in the same order, so that this says which belong together.
        self._operations += 1
        key = self._operations * _NUMBERS + number
        return {"group_size": self.count, "group_key": _GROUP, "instance_key": key}


def _is_sparse(gradient: Any) -> bool:
    return isinstance(gradient, tf.IndexedSlices)


def _each_row_once(gradient: tf.IndexedSlices) -> tf.IndexedSlices:
    rows, values = unique_rows(gradient)
    return tf.IndexedSlices(values, rows, gradient.dense_shape)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
