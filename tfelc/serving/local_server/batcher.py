"""Joins the rows of concurrent requests into one call of the session."""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import grpc
import numpy as np
import numpy.typing as npt

from tfelc.core.errors import ConfigError
from tfelc.serving.local_server.serving_error import ServingError

Array = npt.NDArray[Any]
Arrays = Mapping[str, Array]


@dataclass(frozen=True)
class BatchingOptions:
    """The settings of TensorFlow Serving's batching file.

    Attributes:
        max_batch_size: Rows of a batch at most.
        timeout: Seconds that a batch waits to fill.
        max_enqueued: Requests that may wait, in multiples of a batch.
        threads: Batches that run at once.
        allowed_sizes: Sizes that a batch is padded up to; none for any size.
        split: Whether a request of more rows than a batch is cut up; it is refused otherwise.
    """

    max_batch_size: int = 1000
    timeout: float = 0.0
    max_enqueued: int = 10
    threads: int = os.cpu_count() or 1
    allowed_sizes: tuple[int, ...] = ()
    split: bool = False

    @classmethod
    def from_message(cls, message: Any) -> BatchingOptions:
        """Takes over a parsed batching file; raises ConfigError for values that TensorFlow Serving refuses too."""
        defaults = cls()

        def value(name: str, default: int) -> int:
            return int(getattr(message, name).value) if message.HasField(name) else default

        made = cls(
            max_batch_size=value("max_batch_size", defaults.max_batch_size),
            timeout=value("batch_timeout_micros", 0) / 1e6,
            max_enqueued=value("max_enqueued_batches", defaults.max_enqueued),
            threads=value("num_batch_threads", defaults.threads),
            allowed_sizes=tuple(message.allowed_batch_sizes),
            split=bool(message.enable_large_batch_splitting.value),
        )
        if min(made.max_batch_size, made.max_enqueued, made.threads) < 1 or made.timeout < 0:
            raise ConfigError("batching: sizes and threads must be at least 1, the timeout at least 0")
        if made.allowed_sizes and (
            made.allowed_sizes[-1] != made.max_batch_size or sorted(set(made.allowed_sizes)) != [*made.allowed_sizes]
        ):
            raise ConfigError("batching: allowed_batch_sizes must grow, and end with max_batch_size")
        return made


@dataclass
class _Task:
    inputs: Arrays
    rows: int
    key: tuple[Any, ...]
    done: Future[dict[str, Array]]


class Batcher:
    """Collects tasks until a batch is full or its time is up, runs it, and hands each task its rows.

    Tasks share a batch only where their types and inner shapes agree.

    Args:
        run: Runs one batch.
        options: Sizes, times and threads.
    """

    def __init__(self, run: Callable[[Arrays], dict[str, Array]], options: BatchingOptions) -> None:
        self._run = run
        self._options = options
        self._waiting: queue.Queue[_Task | None] = queue.Queue()
        self._lock = threading.Lock()
        self._rows = 0
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(options.threads)]
        for thread in self._threads:
            thread.start()

    def run(self, inputs: Arrays) -> dict[str, Array]:
        """Runs one request's rows within a batch, and waits for the answer.

        Raises:
            ServingError: INVALID_ARGUMENT for inputs of unequal numbers of rows or too many of them; UNAVAILABLE when
                too many requests wait; or what the session says.
        """
        rows = _rows_of(inputs)
        limit = self._options.max_batch_size
        if rows > limit and not self._options.split:
            raise ServingError.invalid(f"Task size {rows} is larger than maximum input batch size {limit}")
        key = tuple((name, array.dtype, array.shape[1:]) for name, array in sorted(inputs.items()))
        with self._lock:
            if self._rows + rows > limit * self._options.max_enqueued and self._rows:
                raise ServingError(
                    grpc.StatusCode.UNAVAILABLE,
                    "The batch scheduling queue to which this task was submitted is full",
                )
            self._rows += rows
        tasks = [
            _Task({name: array[start : start + limit] for name, array in inputs.items()}, size, key, Future())
            for start in range(0, rows, limit)
            if (size := min(limit, rows - start))
        ]
        try:
            for task in tasks:
                self._waiting.put(task)
            parts = [task.done.result() for task in tasks]
        finally:
            with self._lock:
                self._rows -= rows
        if len(parts) == 1:
            return parts[0]
        for name in parts[0]:
            if len(shapes := {part[name].shape[1:] for part in parts}) > 1:
                raise ServingError.invalid(
                    f"The parts of a request larger than a batch have rows of the shapes {sorted(shapes)} in output "
                    f"`{name}`, which do not go together; send at most {limit} rows"
                )
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def close(self) -> None:
        """Ends the threads; no `run` may be under way."""
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        held: _Task | None = None
        while True:
            first = held or self._waiting.get()
            if first is None:
                return
            batch, held, ended = self._collect(first)
            self._answer(batch)
            if ended:
                if held is not None:
                    self._answer([held])
                return

    def _collect(self, first: _Task) -> tuple[list[_Task], _Task | None, bool]:
        """Fills a batch; also returns a task that did not fit in, and whether the end was met."""
        batch, rows = [first], first.rows
        deadline = threading.TIMEOUT_MAX if self._options.timeout == 0 else time.monotonic() + self._options.timeout
        while rows < self._options.max_batch_size:
            try:
                if self._options.timeout == 0:
                    task = self._waiting.get_nowait()
                else:
                    task = self._waiting.get(timeout=max(deadline - time.monotonic(), 0.0))
            except queue.Empty:
                break
            if task is None:
                return batch, None, True
            if task.key != first.key or rows + task.rows > self._options.max_batch_size:
                return batch, task, False
            batch.append(task)
            rows += task.rows
        return batch, None, False

    def _answer(self, batch: list[_Task]) -> None:
        try:
            outputs = self._run(self._joined(batch))
            rows = sum(task.rows for task in batch)
            if any(array.ndim == 0 or array.shape[0] < rows for array in outputs.values()):
                raise ServingError(
                    grpc.StatusCode.FAILED_PRECONDITION,
                    "Batched output tensor's 0th dimension does not equal the sum of the 0th dimension sizes of the "
                    "input tensors",
                )
            start = 0
            for task in batch:
                task.done.set_result({name: array[start : start + task.rows] for name, array in outputs.items()})
                start += task.rows
        except Exception as error:
            for task in batch:
                if not task.done.done():
                    task.done.set_exception(ServingError.of(error))

    def _joined(self, batch: list[_Task]) -> Arrays:
        rows = sum(task.rows for task in batch)
        size = next((size for size in self._options.allowed_sizes if size >= rows), rows)
        joined = {}
        for name in batch[0].inputs:
            parts = [task.inputs[name] for task in batch]
            if size > rows:
                parts.append(np.repeat(parts[0][:1], size - rows, axis=0))
            joined[name] = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return joined


def _rows_of(inputs: Arrays) -> int:
    if any(array.ndim == 0 for array in inputs.values()):
        raise ServingError.invalid("Batching Run() input tensors must have at least one dimension")
    sizes = {array.shape[0] for array in inputs.values()}
    if len(sizes) != 1:
        raise ServingError.invalid("Batching Run() input tensors must have equal 0th-dimension size")
    rows = int(sizes.pop())
    if rows == 0:
        raise ServingError.invalid("Batching Run() input tensors must have at least one row")
    return rows
