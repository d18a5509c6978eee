"""Tables that Spark reads, by name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from tfelc.core.errors import DataError, UsageError
from tfelc.data.files.file_format import TableFormat
from tfelc.data.files.log_file import LogFile, TableVersion
from tfelc.data.spark.carried_error import carried_error

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SPARK = "spark"


class SparkFormat(TableFormat):
    """A table or view of a Spark session that runs in this process; whatever Spark has a catalog or a reader for.

    It is one file without row groups: Spark cuts it as it will, and in no order that could be relied on.
    """

    def files(self, location: str, version: int | None) -> tuple[TableVersion, list[LogFile]]:
        """The table."""
        found = TableVersion(SPARK, location, version)
        file = LogFile(str(found), SPARK, table=found)
        schema = arrow_schema(frame_of(_session(str(found)), file), str(found))
        return found, [LogFile(str(found), SPARK, tuple(schema.names), tuple(schema.types), table=found)]

    def read(self, file: LogFile, columns: Sequence[str], group: int | None, rows: int) -> Iterator[pa.RecordBatch]:
        """Brings the rows to this process, a partition at a time."""
        frame = frame_of(_session(file.path), file).select(*(f"`{name}`" for name in columns))
        packed = frame.mapInArrow(_packed, "batch binary").toLocalIterator()
        while (row := _next(packed)) is not None:
            with pa.ipc.open_stream(row["batch"]) as stream:
                yield from stream


def frame_of(session: SparkSession, file: LogFile) -> DataFrame:
    """A table as a DataFrame; raises DataError where Spark does not find it."""
    from pyspark.errors import PySparkException

    assert file.table is not None
    table = file.table
    try:
        if table.version is None:
            return session.table(table.location)
        return session.sql(f"SELECT * FROM {table.location} VERSION AS OF {table.version}")
    except PySparkException as error:
        said = (error.getMessage() or str(error)).split(" SQLSTATE:")[0]
        raise DataError(f"{table}: {' '.join(said.split())}") from None


def _session(table: str) -> SparkSession:
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError:
        raise UsageError(f"{table}: needs PySpark: pip install 'tfelc[spark]'") from None
    session = SparkSession.getActiveSession()
    if session is None:
        raise UsageError(
            f"{table}: is read by Spark, by `tfelc score --engine spark`, `tfelc prepare table`, or in your own session"
        )
    return session


def _next(rows: Iterator[Any]) -> Any:
    try:
        return next(rows, None)
    except Exception as error:  # Py4J and Spark Connect have exceptions of their own
        raise DataError(str(carried_error(error))) from None


def arrow_schema(frame: DataFrame, table: str) -> pa.Schema:
    """The types in which Spark hands over a table's columns; raises DataError where it has none for one."""
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.types import to_arrow_schema

    try:
        return to_arrow_schema(frame.schema, timezone="UTC")
    except PySparkException as error:
        raise DataError(f"{table}: {' '.join(str(error).split())}") from None


def _packed(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Each batch as the bytes of one value; for a worker."""
    for batch in batches:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, batch.schema) as writer:
            writer.write_batch(batch)
        yield pa.record_batch([pa.array([sink.getvalue().to_pybytes()], pa.binary())], ["batch"])
