"""A log's rows as the SQL of aggregates reads them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.data.aggregates.clock import DAY, Clock
from tfelc.data.contract import arrow_type
from tfelc.data.delays.outcomes_in_window import in_window
from tfelc.schema.schema import Schema


class LoggedRows:
    """Makes rows of the table `log`.

    Args:
        schema: The log's columns, aggregates and time zone.

    Attributes:
        clock: The unit of the log's times.
        names: Column of the log that is read -> its name in the table.
    """

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.clock = Clock(schema.timezone)
        read = dict.fromkeys(name for aggregate in schema.aggregates.values() for name in aggregate.columns)
        self.names = {name: f"c{number}" for number, name in enumerate(read)}

    @property
    def columns(self) -> list[str]:
        """The columns of the log that are read."""
        late = [delay.event_time for label, delay in self.schema.delays.items() if label in self.names]
        return list(dict.fromkeys([*self.names, *self.schema.of_kind("timestamp"), *late]))

    @property
    def types(self) -> pa.Schema:
        """The table's columns."""
        numbers = dict.fromkeys(("row_number", "day", "utc_day", "happened"), pa.int64())
        read = {short: arrow_type(self.schema.columns[name]) for name, short in self.names.items()}
        return pa.schema(list({**numbers, "counted": pa.bool_(), **read}.items()))

    def of(
        self, rows: pa.Table, first: int, counted: NDArray[np.bool_], where: str, days: NDArray[np.int64] | None = None
    ) -> pa.Table:
        """Rows of the table.

        Args:
            rows: At least `columns`, in the schema's types.
            first: Place of the first row in the log.
            counted: Whether each row is of the training split.
            where: Where they come from, for the messages.
            days: Number of each row's day, where that is not the day of its time. Defaults to None: it is.

        Raises:
            DataError: The times are of no unit, or of another one than those before.
        """
        rows = in_window(rows, self.schema, where)
        times = self.clock.microseconds(rows[next(iter(self.schema.of_kind("timestamp")))].to_numpy(), where)
        return pa.table(
            {
                "row_number": np.arange(first, first + len(rows)),
                "day": self.clock.days(times) if days is None else days,
                "utc_day": times // DAY,
                "happened": times,
                "counted": counted,
                **{short: rows[name] for name, short in self.names.items()},
            },
            schema=self.types,
        )
