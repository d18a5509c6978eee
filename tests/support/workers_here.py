"""Tasks of a preparation on Spark, run in this process."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pyarrow as pa

from tfelc.data.files.wanted import Wanted
from tfelc.data.spark.preparation.fault_marks import FOLDER
from tfelc.data.spark.preparation.log_rules import LogRules
from tfelc.data.spark.preparation.preparation import SparkPreparation
from tfelc.data.spark.preparation.spark_log import SparkLog
from tfelc.data.spark.preparation.workers import Workers
from tfelc.data.unfinished_dataset import UnfinishedDataset


class WorkersHere(Workers):
    """Every task is copied as Spark copies it, and is done twice: what the first attempt left is nobody's."""

    def __init__(self) -> None:
        self.tasks = 0

    def run(self, task: Any, count: int) -> list[Any]:
        """Does the tasks one after another."""
        return self._told(task, count) if count else []

    def _told(self, task: Any, count: int) -> list[Any]:
        told = []
        for number in reversed(range(count)):
            for _ in range(2):
                (said,) = pickle.loads(pickle.dumps(task))(iter([pa.record_batch([[number]], ["id"])]))
            told.append(said.to_pylist()[0])
            self.tasks += 1
        return list(self.heard(told).values())


def prepare_here(schema: Any, sources: list[str], out: Path, seed: int = 0) -> WorkersHere:
    """Prepares files as `tfelc.spark.prepare` does, without Spark."""
    wanted = Wanted(LogRules(schema, "", False).columns, schema.log.optional_names)
    log = SparkLog.of_sources(None, sources, wanted)
    workers = WorkersHere()
    with UnfinishedDataset(out, schema, log.name, seed) as unfinished:
        folder = unfinished.beside("spark.part")
        unfinished.hold(folder, (FOLDER,))
        SparkPreparation(schema, log, workers, unfinished, folder).run(lambda done, total: None)
    return workers
