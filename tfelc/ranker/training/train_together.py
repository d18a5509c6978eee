"""A training of several workers, from the run that the chief makes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from tfelc.core.errors import RunError
from tfelc.data.dataset import Dataset
from tfelc.lifecycle.training.training_loop import TrainingLoop
from tfelc.lifecycle.training.workers.workers import Workers
from tfelc.ranker.run import RankerRun
from tfelc.ranker.training.ranker_trainable import RankerTrainable
from tfelc.ranker.training.train import join_training

# How long a file system may take to show on one machine what was written on another.
_SECONDS = 60.0


def train_together(
    workers: Workers,
    run_path: Path,
    data: Path | None,
    create: Callable[[], TrainingLoop[RankerTrainable]],
) -> TrainingLoop[RankerTrainable]:
    """A training as one of its workers: the chief makes the run, and the others take it up.

    Args:
        workers: The workers.
        run_path: The run's folder, which all of them see.
        data: The dataset as this worker sees it; None where the chief does.
        create: Makes the chief's training.

    Raises:
        RunError: The run does not turn up, or was made of other data.
    """
    if workers.is_chief:
        loop = create()
        workers.wait()
        return loop
    workers.wait()
    run = _turned_up(run_path)
    return join_training(run, Console(quiet=True), run.dataset() if data is None else Dataset(data), workers)


def _turned_up(path: Path) -> RankerRun:
    end = time.monotonic() + _SECONDS
    while not (path / "run.json").exists():
        if time.monotonic() > end:
            raise RunError(
                f"{path}: the chief's run does not turn up here; name a folder that all workers see by `run`", ["run"]
            )
        time.sleep(0.2)
    return RankerRun.open(path)
