"""Preparing a log inside a Spark session: `tfelc.spark.prepare(frame, schema, out)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tfelc.core.errors import UsageError
from tfelc.data.files.wanted import Wanted
from tfelc.data.spark.preparation.fault_marks import FOLDER
from tfelc.data.spark.preparation.log_rules import LogRules
from tfelc.data.spark.preparation.preparation import SparkPreparation
from tfelc.data.spark.preparation.spark_log import SparkInput, SparkLog
from tfelc.data.spark.preparation.workers import Workers
from tfelc.data.spark.session import open_session
from tfelc.data.unfinished_dataset import UnfinishedDataset
from tfelc.schema.schema import Schema


def prepare(
    log: SparkInput,
    schema: Schema | str | Path | Mapping[str, Any],
    out: str | Path,
    seed: int = 0,
    csv_delimiter: str | None = None,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> None:
    """Makes a prepared dataset of a log on Spark's workers: the one that `tfelc prepare table` makes on one machine.

    Of files it is the same, byte for byte; of what Spark reads it has the same rows, in the order in which Spark gave
    them. The session is the one that runs in this process, or a new one with Spark's own settings. The workers must
    reach the output, and files, by the same paths as this machine.

    Args:
        log: The rows: a DataFrame of Spark's; or what names files or tables, such as `logs/*.parquet` or
            `spark:lake.log`, or a list of that.
        schema: Columns, tasks and the way to split: a schema, the path of its file, or its content.
        out: The folder to make. An empty one may exist.
        seed: Seed of a split by row or by user. Defaults to 0.
        csv_delimiter: What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.
        progress: Called with the rows read so far and their total, where that is known.

    Raises:
        DataError: The log is empty, a file is missing or broken, a column is missing, a value does not fit, or `out`
            cannot be written.
        SchemaError: The schema asks for what goes by the places of rows, and Spark reads the log.
        UsageError: Spark or Java is missing, or `out` is a URL.
        ScoringError: The cluster does not answer, or fails.

    Example:
        >>> import tfelc
        >>> tfelc.spark.prepare(spark.table("lake.log"), "shop.yaml", "/data/shop")  # doctest: +SKIP
        >>> tfelc.Ranker("shop.yaml", tasks=["ctr"]).fit("/data/shop")  # doctest: +SKIP
    """
    if "://" in str(out):
        raise UsageError(f"`out` is a folder, which the workers reach by the same path. Received: {out}", ["out"])
    schema = schema if isinstance(schema, Schema) else Schema.load(schema)
    session = open_session()
    wanted = Wanted(LogRules(schema, "", False).columns, schema.log.optional_names, csv_delimiter)
    found = SparkLog.of(session, log, wanted)
    found.refuse_order(schema)
    with UnfinishedDataset(Path(out), schema, found.name, seed) as unfinished:
        # Not inside the dataset: a task that nobody waits for any more may go on writing for a while.
        folder = unfinished.beside("spark.part")
        unfinished.hold(folder, (FOLDER,))
        SparkPreparation(schema, found, Workers(session), unfinished, folder).run(progress)
