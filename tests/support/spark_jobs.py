"""Jobs whose tasks take their time, as Spark's workers run them."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tfelc.data.spark.preparation.stage_files import StageFiles
from tfelc.ranker.scoring.scoring_job import JobSettings


@dataclass(frozen=True)
class Waits:
    """What a job has whose first tasks of all wait.

    Attributes:
        marks: A folder where each task that waits leaves a file.
        waiting: How many tasks wait.
        seconds: How long, each.
    """

    marks: str = ""
    waiting: int = 1
    seconds: float = 60.0

    def wait(self):
        """Waits, in one of the first tasks."""
        for number in range(self.waiting):
            with suppress(FileExistsError):
                (Path(self.marks) / f"{number}").touch(exist_ok=False)
                time.sleep(self.seconds)
                break


@dataclass(frozen=True)
class HeldUp(Waits, JobSettings):
    """A scoring job that waits."""

    def scorer(self):
        """The scorer, whose batches wait."""
        scorer = super().scorer()
        score = scorer.score

        def held_up(batch):
            self.wait()
            return score(batch)

        scorer.score = held_up
        return scorer


@dataclass(frozen=True)
class HeldUpFiles(Waits, StageFiles):
    """Reads pieces of files, and waits."""

    def work(self, number):
        """Stages the pieces, after a while."""
        said = super().work(number)
        self.wait()
        return said
