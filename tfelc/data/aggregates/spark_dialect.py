"""Spark's words in the SQL of aggregates."""

from __future__ import annotations

from tfelc.data.aggregates.dialect import Dialect


class SparkDialect(Dialect):
    """Spark's."""

    def collected(self, column: str, frame: str) -> str:
        """The list of the values of a window's frame, of which none is null."""
        return f"collect_list({column}) OVER ({frame})"

    def in_places(self, column: str, place: str) -> str:
        """The list of a group's values, the one with the highest place first."""
        pairs = f"collect_list(struct(-{place} AS place, {column} AS value))"
        return f"transform(array_sort({pairs}), pair -> pair.value)"

    def tail(self, values: str, count: str) -> str:
        """The last values of a list, so many at most."""
        return f"slice({values}, CAST(greatest(size({values}) - {count}, 0) AS INT) + 1, size({values}))"
