"""Where tasks leave a mark that a log cannot be read, so that those of later rows need not begin."""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = "faults"


class FaultMarks:
    """Marks in a folder of all tasks. The first fault of a log is told all the same: tasks of earlier rows go on.

    Args:
        folder: Where the files of all tasks lie; `FOLDER` is in it.
    """

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder, FOLDER)

    def leave(self, number: int) -> None:
        """Says that the rows of a task have a fault."""
        (self._folder / str(number)).touch()

    def is_before(self, number: int) -> bool:
        """Whether rows of an earlier task have one."""
        return any(int(mark) < number for mark in os.listdir(self._folder))
