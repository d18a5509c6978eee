"""What of the aggregates' SQL differs between engines."""

from __future__ import annotations

from abc import ABC, abstractmethod


class Dialect(ABC):
    """Expressions over lists, which each engine calls otherwise."""

    @abstractmethod
    def collected(self, column: str, frame: str) -> str:
        """The list of the values of a window's frame, without nulls."""

    @abstractmethod
    def in_places(self, column: str, place: str) -> str:
        """The list of a group's values, the one with the highest place first."""

    @abstractmethod
    def tail(self, values: str, count: str) -> str:
        """The last values of a list, so many at most."""
