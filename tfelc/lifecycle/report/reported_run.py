"""What a report reads of a run, of any kind of model."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol, Self

from tfelc.core.settings import Settings


class ReportedRun(Protocol):
    """A run folder with settings, that knows with which others it can be compared."""

    path: Path

    def metadata(self) -> dict[str, Any]:
        """The content of `run.json`."""

    def config(self) -> Settings:
        """The run's settings."""

    def unchanged(self, name: str) -> Path:
        """The path of a file of the run; raises RunError when it is missing or changed."""

    def read_json(self, name: str) -> dict[str, Any] | None:
        """A JSON file of the folder, None where it is not there yet."""

    def refuse_incomparable(self, other: Self, /) -> None:
        """Raises UsageError where the other run cannot be compared with this one."""
