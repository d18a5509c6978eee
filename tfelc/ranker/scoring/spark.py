"""A ranker inside a Spark session: `tfelc.spark.score(frame, model)`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from tfelc.core.errors import UsageError
from tfelc.data.contract import check_type
from tfelc.data.files.column_check import missing_columns
from tfelc.data.files.log_file import LogFile
from tfelc.data.files.wanted import Wanted
from tfelc.data.spark.spark_format import SPARK, arrow_schema
from tfelc.lifecycle.scoring.spark.score_frame import FAULT, ScoreFrame
from tfelc.ranker.scoring.batch_scorer import BatchScorer
from tfelc.ranker.scoring.scoring_job import JobSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def score(frame: DataFrame, model: str | Path, state: str | Path | None = None) -> DataFrame:
    """Puts a ranker's scores beside the columns of a Spark DataFrame.

    Every row stays. One that cannot be scored, for the reasons of `tfelc score`, has null scores, and the reason in
    the column `fault`, which is null in all others; so `frame.filter("fault is not null")` is the quarantine. Nothing
    runs before Spark is asked for rows.

    Args:
        frame: The rows, with the features, the ids and the user key of the model's schema; other columns are passed on.
        model: Exported version of a ranker, BASE/<version>, or BASE for the latest one; by a path that the workers
            have, too.
        state: Folder `state` of a dataset, which gives the rows the columns of aggregates. Defaults to None.

    Returns:
        The frame with a column for each output of the model, `model_version` and `fault`.

    Raises:
        UsageError: The model is missing, or a column is named as one that is added.
        ExportError: The model is no export of a ranker.
        DataError: A column is missing, or of a type that cannot be scored.

    Example:
        >>> import tfelc
        >>> scored = tfelc.spark.score(spark.table("lake.candidates"), "exports/ctr/3")  # doctest: +SKIP
        >>> scored.filter("fault is null").write.saveAsTable("lake.scores")  # doctest: +SKIP
    """
    from pyspark.sql.pandas.types import from_arrow_schema
    from pyspark.sql.types import StructType

    path = Path(os.path.abspath(model))
    settings = JobSettings(path, (), "", state=None if state is None else Path(os.path.abspath(state)))
    scorer = settings.scorer()
    types = arrow_schema(frame, "frame")
    added = pa.schema([field for field in scorer.output_schema if field.name not in scorer.kept])
    _check(types, scorer, [*added.names, FAULT])
    task = ScoreFrame(
        settings,
        scorer.model.fingerprint,
        LogFile("frame", SPARK, tuple(types.names), tuple(types.types)),
        tuple(added.names),
    )
    fields = [*frame.schema.fields, *from_arrow_schema(added.append(pa.field(FAULT, pa.string()))).fields]
    return frame.mapInArrow(task, StructType(fields))


def _check(types: pa.Schema, scorer: BatchScorer, added: list[str]) -> None:
    """Raises where a column is missing, cannot be scored, or stands in the way of one that is added."""
    columns = scorer.source_columns
    optional = [name for name, column in columns.items() if column.default is not None]
    missing_columns("frame", types.names, Wanted(columns, optional), "frame")
    for name, column in columns.items():
        if name in types.names:
            check_type(name, column, types.field(name).type, "frame")
    taken = {name.lower() for name in types.names}
    for name in added:
        if name.lower() in taken:
            raise UsageError(f"frame: has a column `{name}`, which is the name of one that is added; rename or drop it")
