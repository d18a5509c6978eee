"""What Spark's workers do for a preparation, and how they tell of it."""

from __future__ import annotations

import json
import os
import sys
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import DataError
from tfelc.data.spark.carried_error import carrying

# As Spark reads what tasks say: a number, by which it is put in order, and a text of JSON.
SAID = "number long, said string"
_FIELDS = pa.schema([("number", pa.int64()), ("said", pa.string())])


@dataclass(frozen=True)
class Task(ABC):
    """A function over the Arrow batches of a partition, which holds numbers of what there is to do.

    Attributes:
        folder: Where the files of all tasks lie, by a path that each worker has.
    """

    folder: str

    @abstractmethod
    def work(self, number: int) -> Any:
        """Does what a number stands for.

        Returns:
            What the driver is to know, as JSON has it.
        """

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Runs on the worker, for one partition."""
        for batch in batches:
            for number in batch.column(0).to_pylist():
                with telling(self.folder) as tell:
                    tell["said"] = self.work(number)
                yield said_rows(number, tell)


@contextmanager
def telling(folder: str) -> Iterator[dict[str, Any]]:
    """A dict for what a task says, to which what it warns of is added; errors are such that the driver knows them."""
    _keep_to_own_cores()
    tell: dict[str, Any] = {}
    with carrying(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default", DataWarning)
        try:
            yield tell
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else " ".join(str(error).split())
            raise DataError(
                f"{folder}: {reason}; workers must reach the log and the output by the paths that the driver has"
            ) from None
        told = (str(each.message) for each in caught if issubclass(each.category, DataWarning))
        tell["warnings"] = list(dict.fromkeys(told))


def _keep_to_own_cores() -> None:
    """What pyarrow would do on all cores, which are other tasks' too."""
    spark = sys.modules.get("pyspark")
    context = None if spark is None else spark.TaskContext.get()
    if context is not None:
        pa.set_cpu_count(context.cpus())


def said_rows(number: int, tell: dict[str, Any]) -> pa.RecordBatch:
    """What a task says, as a row for Spark."""
    return pa.record_batch([[number], [json.dumps(tell)]], schema=_FIELDS)
