"""Training runs of a tiny ranker, in processes of their own and in this one."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SETTINGS = Path(__file__).parent / "tiny_ranker.yaml"
ROOT = Path(__file__).parents[2]


def training_process(
    data: Path, run: Path, *, resume: bool = False, killed_at: tuple[str, int] | None = None
) -> subprocess.Popen[str]:
    """`tfelc train` on both tasks of `every_kind`, killed at a moment of `killed_training` or not at all."""
    program = (
        ["-m", "tfelc.commands", "train"]
        if killed_at is None
        else ["-m", "tests.support.killed_training", *map(str, killed_at)]
    )
    more = ["--resume"] if resume else ["--config", SETTINGS]
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.Popen(
        [sys.executable, *program, "--task", "click,buy", "--data", data, "--run", run, *more],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def create(
    dataset: Any, path: Path, *settings: str, tasks: Sequence[str] = ("click", "buy"), console: Any = None
) -> Any:
    """A `TrainingLoop` in this process, not yet trained; quiet unless there is a console."""
    from rich.console import Console

    from tfelc.ranker.settings import RankerSettings
    from tfelc.ranker.training.train import create_training

    loaded = RankerSettings.load(SETTINGS, settings)
    return create_training(dataset, tasks, loaded, path, console or Console(quiet=True))


def train(dataset: Any, path: Path, *settings: str, tasks: Sequence[str] = ("click", "buy")) -> Any:
    """A `TrainingLoop` that was trained in this process, and not measured."""
    training = create(dataset, path, *settings, tasks=tasks)
    training.train()
    return training


def resume(path: Path, dataset: Any = None) -> Any:
    """A `TrainingLoop` that goes on with a run in this process."""
    from rich.console import Console

    from tfelc.ranker.run import RankerRun
    from tfelc.ranker.training.train import resume_training

    return resume_training(RankerRun.open(path), Console(quiet=True), dataset)
