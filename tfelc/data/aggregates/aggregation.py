"""A log's aggregates: its rows go in, a column for each aggregate comes out, in the order of the rows."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.aggregates.duckdb_dialect import DuckDbDialect
from tfelc.data.aggregates.feature_rows import FeatureRows
from tfelc.data.aggregates.log_aggregates import LogAggregates
from tfelc.data.aggregates.sql import feature_query
from tfelc.schema.schema import Schema

if TYPE_CHECKING:
    import duckdb

_MEMORY = "2GB"
_ROWS = 65_536


class Aggregation(LogAggregates):
    """Computes the aggregates of a log with DuckDB, in bounded memory; a context manager that does nothing without any.

    What does not fit into memory lies in a folder beside `out`, which is removed at the end of the block.

    Args:
        schema: Its columns, aggregates and time zone.
        out: The dataset that is being made.
        threads: Threads of DuckDB. Defaults to None: one for each core. The result does not depend on it.
        memory: What DuckDB may take, such as `500MB`. Defaults to `2GB`.

    Raises:
        DataError: The times are of no unit, or the disk is full.

    Example:
        >>> with Aggregation(schema, Path("data/mine")) as aggregation:  # doctest: +SKIP
        ...     aggregation.add(rows, is_train)
        ...     features = aggregation.features().take(len(rows))
    """

    dialect = DuckDbDialect()

    def __init__(self, schema: Schema, out: Path, threads: int | None = None, memory: str = _MEMORY) -> None:
        super().__init__(schema)
        self.rows = 0
        self._out = Path(out)
        self._config: dict[str, Any] = {"memory_limit": memory, **({"threads": threads} if threads else {})}
        self._files: list[Path] = []

    def __enter__(self) -> Self:
        if not self.aggregates:
            return self
        import duckdb

        parent = self._out.absolute().parent
        try:
            parent.mkdir(parents=True, exist_ok=True)
            self._scratch = Path(tempfile.mkdtemp(prefix=f".{self._out.name}.", suffix=".aggregates", dir=parent))
        except OSError as error:
            raise DataError(f"{self._out}: cannot be written: {error.strerror}") from error
        self.connection: duckdb.DuckDBPyConnection = duckdb.connect(
            str(self._scratch / "log.duckdb"), config={**self._config, "temp_directory": str(self._scratch / "spill")}
        )
        # DuckDB 2.0 draws a bar of its own, on any output, for what takes more than 2 seconds.
        self.connection.execute("SET enable_progress_bar = false")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.aggregates:
            return
        self.connection.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def add(
        self, rows: pa.Table, counted: NDArray[np.bool_], where: str = "log", days: NDArray[np.int64] | None = None
    ) -> None:
        """Adds rows of the log, the next ones in its order.

        Args:
            rows: At least `columns`, in the schema's types.
            counted: Whether each row is of the training split.
            where: Where they come from, for the messages.
            days: Number of each row's day, where that is not the day of its time. Defaults to None: it is.

        Raises:
            DataError: The times are of no unit, or of another one than those before.
        """
        table = self.logged.of(rows, self.rows, counted, where, days)
        self._insert("INSERT INTO log FROM added" if self.rows else "CREATE TABLE log AS FROM added", table)
        self.rows += len(rows)

    def features(self, start: int = 0) -> FeatureRows:
        """The aggregates of all rows added, in their order.

        Args:
            start: Row to begin at. Defaults to 0.

        Raises:
            DataError: The disk is full, or memory does not suffice.
        """
        self.compute()
        names = {f"f{number}": name for number, name in enumerate(self.aggregates)}
        return FeatureRows(self._files, names, self.schema, start)

    def fetch(self, query: str) -> pa.Table:
        """The answer to a query over the log."""
        with self._reported():
            return self._reader(query).read_all()

    def compute(self) -> None:
        """Computes the aggregates of all rows added, unless that is done."""
        if not self.aggregates or self._files:
            return
        self.find_priors()
        for number, aggregate in enumerate(self.aggregates.values()):
            path = self._scratch / f"features-{number}.arrow"
            with self._reported():
                reader = self._reader(feature_query(f"f{number}", aggregate, self.names, self.dialect))
                with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, reader.schema) as writer:
                    for batch in reader:
                        writer.write_batch(batch)
            self._files.append(path)

    def keep(self, name: str, table: pa.Table) -> None:
        """Makes a table that later queries can name."""
        self._insert(f"CREATE TABLE {name} AS FROM added", table)

    def _insert(self, statement: str, table: pa.Table) -> None:
        with self._reported():
            self.connection.register("added", table)
            self.connection.execute(statement)
            self.connection.unregister("added")

    def _reader(self, query: str) -> pa.RecordBatchReader:
        return self.connection.sql(query).to_arrow_reader(_ROWS)

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Turns a full disk, or memory that does not suffice, into one line."""
        import duckdb

        try:
            yield
        except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:
            raise DataError(
                f"{self._out}: the aggregates cannot be computed: {' '.join(str(error).split())}"
            ) from error
