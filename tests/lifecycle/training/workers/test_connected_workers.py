"""What workers make of what they hear from each other; that they hear it is tested where two of them train."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfelc.core.errors import RunError
from tfelc.lifecycle.training.workers.connected_workers import ConnectedWorkers


def pair(other=None):
    """The first of two workers, who hears of the other what `other` makes of its own values."""
    worker = object.__new__(ConnectedWorkers)
    worker.count, worker.rank = 2, 0
    worker._added = lambda values: values + (np.zeros_like(values) if other is None else other(values))
    return worker


def second(*row):
    """What a second worker adds to a table whose second row is its own."""
    return lambda table: np.array([[0.0] * len(row), row])


def test_what_each_has_added_is_added_up():
    total, count = keras.Variable([1.5, 4.0]), keras.Variable(3, dtype="int32")
    # This one has added 1 to the first and 2 to the last; the other ten times as much.
    pair(lambda added: 10 * added).agree([total, count], [np.array([0.5, 4.0]), 1])
    np.testing.assert_allclose(total, [11.5, 4.0])
    assert int(count) == 23


def test_equal_weights_pass_and_others_are_named_with_the_likely_reason():
    seen = []
    weights = [keras.Variable([1.0, 2.0]), keras.Variable(7, dtype="int64")]
    pair(lambda table: (seen.append(table[0].copy()), second(*table[0])(table))[1]).check_equal(weights)
    high, low, threads = seen[0]
    with pytest.raises(RunError, match="weights of worker 1 are no longer those of worker 0: another machine"):
        pair(second(high, low + 1, threads)).check_equal(weights)
    with pytest.raises(RunError, match="set TF_NUM_INTRAOP_THREADS to one number"):
        pair(second(high, low + 1, threads + 1)).check_equal(weights)


def test_a_lost_worker_is_told_in_one_line_and_other_faults_as_they_are():
    with pytest.raises(RunError, match="^another worker is gone; "), pair().own_errors():
        raise tf.errors.UnavailableError(None, None, "Collective ops is aborted by: ... stopped sending heartbeats")
    with pytest.raises(tf.errors.InternalError), pair().own_errors():
        raise tf.errors.InternalError(None, None, "something else")


def test_one_that_has_ended_by_the_end_is_no_loss():
    def gone(_):
        raise tf.errors.UnavailableError(None, None, "Connection reset by peer")

    worker = object.__new__(ConnectedWorkers)
    worker._eager_sums = gone
    with pytest.raises(RunError, match="^another worker is gone; "):
        worker.wait()
    worker.finish()
