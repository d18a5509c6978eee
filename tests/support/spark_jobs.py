"""Jobs whose tasks take their time, as Spark's workers run them."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tfelc.data.spark.preparation.stage_files import StageFiles
from tfelc.ranker.scoring.scoring_job import JobSettings


@dataclass(frozen=True)
class HeldUp(JobSettings):
    """A job of which the first tasks of all wait.

    Attributes:
        marks: A folder where each task that waits leaves a file.
        waiting: How many tasks wait.
        seconds: How long, each.
    """

    marks: str = ""
    waiting: int = 1
    seconds: float = 60.0

    def scorer(self):
        """The scorer, whose batches wait."""
        scorer = super().scorer()
        score = scorer.score

        def held_up(batch):
            _wait(self.marks, self.waiting, self.seconds)
            return score(batch)

        scorer.score = held_up
        return scorer


@dataclass(frozen=True)
class HeldUpFiles(StageFiles):
    """Reads pieces of files; the first tasks of all wait.

    Attributes:
        marks: A folder where each task that waits leaves a file.
        waiting: How many tasks wait.
        seconds: How long, each.
    """

    marks: str = ""
    waiting: int = 1
    seconds: float = 60.0

    def work(self, number):
        """Stages the pieces, after a while."""
        said = super().work(number)
        _wait(self.marks, self.waiting, self.seconds)
        return said


def _wait(marks: str, waiting: int, seconds: float) -> None:
    for number in range(waiting):
        with suppress(FileExistsError):
            (Path(marks) / f"{number}").touch(exist_ok=False)
            time.sleep(seconds)
            break
