"""A log's aggregates, whatever engine computes them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import pyarrow as pa

from tfelc.data.aggregates.clock import Clock
from tfelc.data.aggregates.dialect import Dialect
from tfelc.data.aggregates.logged_rows import LoggedRows
from tfelc.data.aggregates.prior import Prior
from tfelc.data.aggregates.sql import prior_query
from tfelc.schema.aggregate import Aggregate
from tfelc.schema.schema import Schema


class LogAggregates(ABC):
    """What the SQL of aggregates is asked of, and what it answers.

    Args:
        schema: The log's columns, aggregates and time zone.

    Attributes:
        dialect: The engine's words.
        logged: What makes the rows of the table `log`.
        priors: Name of an aggregate in the answers -> the prior of its rate, once `compute` was called.
    """

    dialect: ClassVar[Dialect]

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.aggregates = schema.aggregates
        self.logged = LoggedRows(schema)
        self.priors: dict[str, Prior] = {}

    @property
    def clock(self) -> Clock:
        """The unit of the log's times."""
        return self.logged.clock

    @property
    def names(self) -> dict[str, str]:
        """Column of the log that is read -> its name in the table `log`."""
        return self.logged.names

    @property
    def columns(self) -> list[str]:
        """The columns of the log that are read."""
        return self.logged.columns

    @abstractmethod
    def compute(self) -> None:
        """Computes the aggregates of all rows, unless that is done."""

    @abstractmethod
    def fetch(self, query: str) -> pa.Table:
        """The answer to a query over the log."""

    @abstractmethod
    def keep(self, name: str, table: pa.Table) -> None:
        """Makes a table that later queries can name."""

    def groups(self) -> dict[tuple[str, ...], dict[str, Aggregate]]:
        """Key -> its aggregates, by the names of their columns."""
        found: dict[tuple[str, ...], dict[str, Aggregate]] = {}
        for number, aggregate in enumerate(self.aggregates.values()):
            found.setdefault(aggregate.by, {})[f"f{number}"] = aggregate
        return found

    def find_priors(self) -> None:
        """Fetches the priors, and keeps their tables."""
        for number, aggregate in enumerate(self.aggregates.values()):
            if aggregate.needs_prior:
                name = f"f{number}"
                self.priors[name] = Prior(self.fetch(prior_query(aggregate, self.names)))
                self.keep(f"prior_{name}", self.priors[name].table())
