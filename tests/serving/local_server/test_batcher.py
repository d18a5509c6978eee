"""Batches: who shares one, how they fill, and that each request gets its own rows back."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest

from tfelc.serving.local_server.batcher import Batcher, BatchingOptions
from tfelc.serving.local_server.serving_error import ServingError


class Recorder:
    """Doubles `x`, notes the sizes of its batches, and can be held up."""

    def __init__(self):
        self.sizes = []
        self.free = threading.Event()
        self.free.set()

    def __call__(self, inputs):
        self.free.wait(10)
        self.sizes.append(len(inputs["x"]))
        if np.isnan(inputs["x"]).any():
            raise ServingError.invalid("a NaN")
        return {"y": inputs["x"] * 2}


@pytest.fixture
def batching():
    made = []

    def make(**options):
        recorder = Recorder()
        made.append(Batcher(recorder, BatchingOptions(**{"threads": 1, "max_batch_size": 4, **options})))
        return made[-1], recorder

    yield make
    for batcher in made:
        batcher.close()


def rows(*values):
    return {"x": np.array(values, np.float64)}


def test_a_batch_that_fills_runs_at_once_and_each_gets_its_rows(batching):
    batcher, recorder = batching(timeout=5.0)
    started = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda value: batcher.run(rows(value))["y"].tolist(), [1.0, 2.0, 3.0, 4.0]))
    assert answers == [[2.0], [4.0], [6.0], [8.0]]
    assert recorder.sizes == [4]
    assert time.monotonic() - started < 4


def test_a_batch_that_does_not_fill_runs_when_its_time_is_up(batching):
    batcher, recorder = batching(timeout=0.05)
    started = time.monotonic()
    assert batcher.run(rows(1.0, 2.0))["y"].tolist() == [2.0, 4.0]
    assert 0.04 < time.monotonic() - started < 1
    assert recorder.sizes == [2]


def test_a_batch_is_padded_to_an_allowed_size(batching):
    batcher, recorder = batching(allowed_sizes=(1, 4))
    assert batcher.run(rows(1.0, 2.0, 3.0))["y"].tolist() == [2.0, 4.0, 6.0]
    assert batcher.run(rows(1.0))["y"].tolist() == [2.0]
    assert recorder.sizes == [4, 1]


def test_a_large_request_is_split_or_refused(batching):
    splitting, recorder = batching(split=True)
    assert splitting.run(rows(*range(10)))["y"].tolist() == [2.0 * value for value in range(10)]
    assert max(recorder.sizes) <= 4 and sum(recorder.sizes) == 10
    refusing, _ = batching()
    with pytest.raises(ServingError, match="larger than maximum input batch size 4"):
        refusing.run(rows(*range(5)))


def test_unequal_shapes_do_not_share_a_batch(batching):
    batcher, recorder = batching(timeout=0.1)
    with ThreadPoolExecutor(2) as pool:
        wide, narrow = pool.map(lambda width: batcher.run({"x": np.ones((1, width))})["y"].shape, [3, 2])
    assert (wide, narrow) == ((1, 3), (1, 2))
    assert recorder.sizes == [1, 1]


def test_inputs_must_have_equal_rows(batching):
    batcher, _ = batching()
    with pytest.raises(ServingError, match="equal 0th-dimension size"):
        batcher.run({"x": np.ones(2), "z": np.ones(1)})
    with pytest.raises(ServingError, match="at least one dimension"):
        batcher.run({"x": np.array(1.0)})


def test_a_failure_reaches_everyone_in_the_batch_and_nobody_after(batching):
    batcher, recorder = batching(timeout=0.2)
    recorder.free.clear()
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(batcher.run, rows(value)) for value in (1.0, np.nan)]
        recorder.free.set()
        assert all(isinstance(call.exception(), ServingError) for call in waiting)
    assert batcher.run(rows(1.0))["y"].tolist() == [2.0]


def test_a_full_queue_refuses(batching):
    batcher, recorder = batching(max_enqueued=1)
    recorder.free.clear()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(batcher.run, rows(1.0, 2.0, 3.0))
        while not batcher._rows:
            time.sleep(0.01)
        with pytest.raises(ServingError) as caught:
            batcher.run(rows(1.0, 2.0))
        assert caught.value.code == grpc.StatusCode.UNAVAILABLE
        recorder.free.set()
        assert waiting.result()["y"].tolist() == [2.0, 4.0, 6.0]


def test_an_output_without_rows_cannot_be_handed_out():
    batcher = Batcher(lambda inputs: {"y": np.array(1.0)}, BatchingOptions(threads=1))
    with pytest.raises(ServingError, match="0th dimension"):
        batcher.run(rows(1.0))
    batcher.close()
