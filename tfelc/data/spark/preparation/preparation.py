"""A preparation on Spark: what the workers do, and what is put together of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import accumulate
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data import dataset_writer
from tfelc.data.aggregates.state_writer import write_state
from tfelc.data.checks.log_checks import LogChecks
from tfelc.data.delays.delay_survey import DelaySurvey
from tfelc.data.delays.matured_labels import MaturedLabels
from tfelc.data.manifest import PartFile
from tfelc.data.negative_sampling import NegativeSampling
from tfelc.data.packed_rows import unpacked
from tfelc.data.spark.preparation.keep_negatives import KeepNegatives
from tfelc.data.spark.preparation.log_rules import LogRules
from tfelc.data.spark.preparation.slices import Slice, in_parts
from tfelc.data.spark.preparation.spark_aggregates import SparkAggregates
from tfelc.data.spark.preparation.spark_log import SparkLog
from tfelc.data.spark.preparation.split_rows import SplitRows
from tfelc.data.spark.preparation.staged_log import StagedLog
from tfelc.data.spark.preparation.thin_times import ThinDelays, ThinTimes
from tfelc.data.spark.preparation.workers import Workers
from tfelc.data.spark.preparation.write_parts import WriteParts
from tfelc.data.split_rule import SplitRule
from tfelc.data.splits import SPLITS
from tfelc.data.time_edges import edges_in, kept_stride
from tfelc.data.time_survey import FractionalTimes
from tfelc.data.unfinished_dataset import UnfinishedDataset
from tfelc.schema.schema import Schema

_SUCCESS = "_SUCCESS"


class SparkPreparation:
    """Makes of a log what `log_preparation.prepare` makes of it, in steps that the workers share.

    First they bring the rows to the schema's types, and say what is known of them as a whole; then, with what is known
    of all, they split them; then they write the parts, each with the rows that it has on one machine.

    Args:
        schema: Columns, tasks and the way to split.
        log: The log.
        workers: Spark's workers.
        unfinished: The dataset that is being made.
        folder: Where the workers' files lie until it is done.
    """

    def __init__(
        self, schema: Schema, log: SparkLog, workers: Workers, unfinished: UnfinishedDataset, folder: Path
    ) -> None:
        self._schema = schema
        self._log = log
        self._workers = workers
        self._unfinished = unfinished
        self._folder = folder

    def run(self, progress: Callable[[int, int | None], None]) -> None:
        """Prepares the log.

        Args:
            progress: Called with the rows that were read, and again with them once they are split.
        """
        try:
            staged = self._staged(in_seconds=False)
        except FractionalTimes:
            staged = self._staged(in_seconds=True)
        progress(staged.rows, None)
        rule = SplitRule(self._schema, self._unfinished.seed, self._edges(staged))
        matured = self._matured(staged)
        with SparkAggregates(self._schema, self._workers, str(self._folder)) as aggregates:
            times = [each for said in staged.said for each in said["clock"]]
            aggregates.read(rule, staged.files, staged.firsts, self._log.name, times)
            slices, checks = self._split(staged, rule, matured, aggregates)
            progress(staged.rows, staged.rows)
            self._unfinished.metadata.update(matured.metadata())
            write_state(aggregates, self._unfinished.folder)
        sampling = self._sampled(slices)
        files = self._written(slices)
        self._unfinished.warn(checks)
        self._unfinished.refuse_empty_splits()
        self._unfinished.finish(files, sampling.metadata, _SUCCESS)

    def _staged(self, in_seconds: bool) -> StagedLog:
        rules = LogRules(self._schema, self._log.name, in_seconds)
        staged = StagedLog(self._log.staged(self._workers, rules, self._folder))
        if any(said["fractional"] for said in staged.said):
            raise FractionalTimes
        if not staged.rows:
            raise DataError(f"{self._log.name}: the log has no rows")
        for name, survey in rules.surveys().items():
            for said in staged.said:
                survey.hear(said["times"][name])
            survey.check()
        return staged

    def _edges(self, staged: StagedLog) -> NDArray[np.int64] | None:
        if self._schema.split.by != "time":
            return None
        (timestamp,) = self._schema.of_kind("timestamp")
        task = ThinTimes(str(self._folder), timestamp, staged.files, staged.firsts, kept_stride(staged.rows))
        kept = [unpacked(each)[timestamp].to_numpy() for each in self._workers.run(task, len(staged.files))]
        return edges_in(np.sort(np.concatenate(kept)), self._schema, f"{self._log.name}: column `{timestamp}`")

    def _matured(self, staged: StagedLog) -> MaturedLabels:
        if not self._schema.delays:
            return MaturedLabels(self._schema, [])
        survey = DelaySurvey(self._schema, self._log.name)
        before = [survey.hear_counts(said["late"]) for said in staged.said]
        if any(delay.immature == "weight" for delay in self._schema.delays.values()):
            task = ThinDelays(str(self._folder), self._schema, staged.files, before, survey.strides)
            for kept in self._workers.run(task, len(staged.files)):
                survey.hear_kept(kept, survey.strides)
        return MaturedLabels(self._schema, [survey], trains=True)

    def _split(
        self, staged: StagedLog, rule: SplitRule, matured: MaturedLabels, aggregates: SparkAggregates
    ) -> tuple[dict[str, list[Slice]], LogChecks]:
        """The rows of each split, and what is suspicious about them."""
        task = SplitRows(
            str(self._folder),
            self._schema,
            self._log.names,
            rule,
            matured,
            aggregates.blocks(),
            staged.files,
            staged.firsts,
            staged.rows,
        )
        checks = LogChecks(self._schema, self._log.names, rows=staged.rows)
        slices: dict[str, list[Slice]] = {name: [] for name in SPLITS}
        for said in self._workers.run(task, len(staged.files)):
            checks.hear(said["checks"])
            matured.hear(said["matured"])
            for batch, rows in enumerate(said["rows"]):
                slices[SPLITS[batch % len(SPLITS)]].append(Slice(said["file"], batch, 0, rows))
        return slices, checks

    def _sampled(self, slices: dict[str, list[Slice]]) -> NegativeSampling:
        """Leaves the training rows out that are dropped."""
        sampling = NegativeSampling(self._schema, self._unfinished.seed)
        if not sampling.drops:
            return sampling
        by_file: dict[str, list[Slice]] = {}
        for each in slices["train"]:
            by_file.setdefault(each.file, []).append(each)
        work = list(by_file.values())
        firsts = [0, *accumulate(sum(each.rows for each in one) for one in work)][:-1]
        task = KeepNegatives(str(self._folder), self._schema, self._unfinished.seed, work, firsts)
        slices["train"] = []
        for said in self._workers.run(task, len(work)):
            sampling.hear(said["sampling"])
            slices["train"] += [Slice(said["file"], batch, 0, rows) for batch, rows in enumerate(said["rows"])]
        return sampling

    def _written(self, slices: dict[str, list[Slice]]) -> dict[str, dict[str, PartFile]]:
        """Has the parts written, and gives those that Spark counts their names."""
        group = dataset_writer.ROWS_PER_GROUP
        of_split = {name: list(in_parts(slices[name], group * dataset_writer.GROUPS_PER_PART)) for name in SPLITS}
        names = [(split, f"part-{n:05d}.parquet") for split, parts in of_split.items() for n in range(len(parts))]
        task = WriteParts(
            str(self._folder), self._schema, [part for parts in of_split.values() for part in parts], group
        )
        files: dict[str, dict[str, PartFile]] = {name: {} for name in SPLITS}
        for (split, name), said in zip(names, self._workers.run(task, len(names)), strict=True):
            with self._unfinished.reported():
                os.replace(self._folder / said["file"], self._unfinished.path / split / name)
            files[split][name] = PartFile.model_validate(said["part"])
            self._unfinished.sums[split].hear(said["sums"])
        return files
