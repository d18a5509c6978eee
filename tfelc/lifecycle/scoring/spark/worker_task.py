"""What a Spark task needs, on whatever worker it runs: the scorer of one machine, loaded once in a process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tfelc.core.errors import ExportError
from tfelc.core.tensorflow_start import load_tensorflow
from tfelc.data.spark.carried_error import carrying

if TYPE_CHECKING:
    from tfelc.lifecycle.export.session_runner import SessionRunner
    from tfelc.lifecycle.scoring.batch_job import BatchSettings
    from tfelc.lifecycle.scoring.scorer import Scorer


@dataclass(frozen=True)
class WorkerTask(ABC):
    """A function over the Arrow batches of a partition, which Spark hands to the workers.

    Attributes:
        settings: What is asked of the job.
        fingerprint: The model's, as the driver has seen it.
    """

    settings: BatchSettings
    fingerprint: str

    @abstractmethod
    def run(self, scorer: Scorer, threads: int, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Does the work.

        Args:
            scorer: What scores rows; its model is loaded.
            threads: Cores that Spark gives the task.
            batches: The partition.
        """

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Runs on the worker, for one partition."""
        from pyspark import TaskContext

        context = TaskContext.get()
        threads = 1 if context is None else context.cpus()
        with carrying():
            # What else pyarrow would do on all cores, which are other tasks' too.
            pa.set_cpu_count(threads)
            yield from self.run(_scorer(self.settings, self.fingerprint, threads), threads, batches)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[type], dict[str, Any]]:
        # The state comes after the call, and TensorFlow, which the settings' class imports, begins in the call.
        return _begun, (type(self),), dict(vars(self))


def _begun(task: type[WorkerTask]) -> WorkerTask:
    load_tensorflow()
    return task.__new__(task)


# One of each, since a worker's process is used by one job after another.
@lru_cache(1)
def _scorer(settings: BatchSettings, fingerprint: str, threads: int) -> Scorer:
    scorer = settings.scorer()
    if scorer.model.fingerprint != fingerprint:
        raise ExportError(f"{scorer.model.path} is another model than the job was started with")
    scorer.model.use(_session(scorer.model.path, fingerprint, threads))
    return scorer


@lru_cache(1)
def _session(path: Path, fingerprint: str, threads: int) -> SessionRunner:
    from tfelc.lifecycle.export.session_runner import SessionRunner

    return SessionRunner(path, threads)
