"""A log whose rows the workers have brought to the schema's types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any


@dataclass(frozen=True)
class StagedLog:
    """The files that hold the rows, and what is known of each.

    Attributes:
        said: What `LogRules.stage` says of each file, in the order of the log.
    """

    said: Sequence[dict[str, Any]]

    @cached_property
    def files(self) -> list[str]:
        """The files, in the order of the log."""
        return [each["file"] for each in self.said]

    @cached_property
    def firsts(self) -> list[int]:
        """Place in the log of the first row of each."""
        return [0, *accumulate(sum(each["rows"]) for each in self.said)][:-1]

    @cached_property
    def rows(self) -> int:
        """Rows of the log."""
        return sum(sum(each["rows"]) for each in self.said)
