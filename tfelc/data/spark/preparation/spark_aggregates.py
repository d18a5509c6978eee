"""The aggregates of a log, computed by Spark."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from secrets import token_hex
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np
import pyarrow as pa

from tfelc.data.aggregates.log_aggregates import LogAggregates
from tfelc.data.aggregates.spark_dialect import SparkDialect
from tfelc.data.aggregates.sql import feature_query
from tfelc.data.spark.carried_error import carried_error
from tfelc.data.spark.preparation.feature_blocks import BLOCK_BITS, FeatureBlocks, WriteBlocks
from tfelc.data.spark.preparation.log_table import LogTable
from tfelc.data.spark.preparation.workers import Workers
from tfelc.data.split_rule import SplitRule
from tfelc.schema.schema import Schema

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


class SparkAggregates(LogAggregates):
    """Asks Spark the queries that one machine asks DuckDB; a context manager that does nothing without aggregates.

    Args:
        schema: The log's columns, aggregates and time zone.
        workers: Spark's workers.
        folder: Where files of the workers lie.
    """

    dialect = SparkDialect()

    def __init__(self, schema: Schema, workers: Workers, folder: str) -> None:
        super().__init__(schema)
        self._workers = workers
        self._folder = folder
        self._views: dict[str, str] = {}
        self._log: DataFrame | None = None
        self._files: dict[str, dict[int, str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Whatever was raised tells more than what Spark says of it.
        with suppress(Exception):
            for view in self._views.values():
                self._workers.session.catalog.dropTempView(view)
            if self._log is not None:
                self._log.unpersist()

    def read(
        self,
        rule: SplitRule,
        files: Sequence[str],
        firsts: Sequence[int],
        where: str,
        times: Iterable[tuple[str, int, int]],
    ) -> None:
        """Says where the rows lie.

        Args:
            rule: The way to split.
            files: The files of the rows.
            firsts: Place in the log of the first row of each.
            where: What the log is called in messages.
            times: Of each batch, in their order: where it comes from, and its least and latest time.

        Raises:
            DataError: The times are of no unit, or of several.
        """
        if not self.aggregates:
            return
        from pyspark.sql.pandas.types import from_arrow_schema
        from pyspark.storagelevel import StorageLevel

        for place, least, most in times:
            self.clock.microseconds(np.array([least, most]), place)
        table = LogTable(self._folder, self.logged, rule, files, firsts, where)
        frame = self._workers.numbers(len(files)).mapInArrow(table, from_arrow_schema(self.logged.types))
        self._log = frame.persist(StorageLevel.DISK_ONLY)
        self._view("log", self._log)

    def compute(self) -> None:
        """Computes the aggregates of all rows, unless that is done."""
        if not self.aggregates or self._files:
            return
        self.find_priors()
        for number, aggregate in enumerate(self.aggregates.values()):
            name = f"f{number}"
            found = self._asked(feature_query(name, aggregate, self.names, self.dialect))
            blocks = found.selectExpr("*", f"shiftright(row_number, {BLOCK_BITS}) AS block")
            ordered = blocks.repartition("block").sortWithinPartitions("row_number").select("row_number", name)
            self._files[name] = self._workers.partitions(ordered, WriteBlocks(self._folder))

    def blocks(self) -> FeatureBlocks:
        """The columns of the aggregates."""
        self.compute()
        names = dict(zip(self._files, self.aggregates, strict=True))
        return FeatureBlocks(self._folder, self.schema, {names[short]: self._files[short] for short in self._files})

    def fetch(self, query: str) -> pa.Table:
        """The answer to a query over the log."""
        try:
            return self._asked(query).toArrow()
        except Exception as error:  # Py4J and Spark Connect have exceptions of their own
            raise carried_error(error) from None

    def keep(self, name: str, table: pa.Table) -> None:
        """Makes a table that later queries can name."""
        self._view(name, self._workers.session.createDataFrame(table))

    def _view(self, name: str, frame: DataFrame) -> None:
        # The session is the user's, whose tables may have such names.
        self._views[name] = f"tfelc_{token_hex(8)}"
        frame.createOrReplaceTempView(self._views[name])

    def _asked(self, query: str) -> DataFrame:
        named = ", ".join(f"{name} AS (SELECT * FROM {view})" for name, view in self._views.items())
        return self._workers.session.sql(f"WITH {named} {query}")
