"""DuckDB's words in the SQL of aggregates."""

from __future__ import annotations

from tfelc.data.aggregates.dialect import Dialect


class DuckDbDialect(Dialect):
    """DuckDB's."""

    def collected(self, column: str, frame: str) -> str:
        """The list of the values of a window's frame, of which none is null."""
        return f"list({column}) OVER ({frame})"

    def in_places(self, column: str, place: str) -> str:
        """The list of a group's values, the one with the highest place first."""
        return f"list({column} ORDER BY {place} DESC)"

    def tail(self, values: str, count: str) -> str:
        """The last values of a list, so many at most."""
        return f"list_slice({values}, greatest(len({values}) - {count}, 0) + 1, len({values}))"
