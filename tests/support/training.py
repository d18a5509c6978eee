"""Training runs of a tiny ranker, in processes of their own and in this one."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.warm_process import ROOT, WarmProcess

SETTINGS = Path(__file__).parent / "tiny_ranker.yaml"


def command_process(*arguments: object) -> subprocess.Popen[str]:
    """`tfelc` with `arguments`, in a process that begins as a user's does."""
    return subprocess.Popen(
        [sys.executable, "-m", "tfelc.commands", *map(str, arguments)],
        cwd=ROOT,
        env={key: value for key, value in os.environ.items() if key != "TF_CPP_MIN_LOG_LEVEL"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def training_process(
    data: Path, run: Path, *, resume: bool = False, killed_at: tuple[str, int] | None = None
) -> WarmProcess:
    """`tfelc train` on both tasks of `every_kind`, killed at a moment of `killed_training` or not at all."""
    arguments = ["--task", "click,buy", "--data", data, "--run", run]
    return killed_process([*arguments, "--resume"] if resume else [*arguments, "--config", SETTINGS], killed_at)


def killed_process(arguments: Sequence[object], killed_at: tuple[str, int] | None) -> WarmProcess:
    """`tfelc train` with `arguments`, killed at a moment of `killed_training` or not at all."""
    if killed_at is None:
        return WarmProcess("tfelc.commands", ["train", *arguments])
    return WarmProcess("tests.support.killed_training", [*killed_at, *arguments])


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
