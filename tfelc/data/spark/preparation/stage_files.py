"""Tasks that read a log in files and bring it to the schema's types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tfelc.data.spark.preparation.log_piece import LogPiece
from tfelc.data.spark.preparation.log_rules import LogRules
from tfelc.data.spark.preparation.task import Task


@dataclass(frozen=True)
class StageFiles(Task):
    """Reads pieces of files.

    Attributes:
        rules: How rows are read.
        pieces: What each number stands for.
    """

    rules: LogRules
    pieces: Sequence[Sequence[LogPiece]]

    def work(self, number: int) -> Any:
        """Stages the pieces."""
        batches = (batch for piece in self.pieces[number] for batch in piece.batches(self.rules.columns))
        return self.rules.stage(batches, self.folder, number)
