"""Training runs of a tiny ranker, in processes of their own and in this one."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SETTINGS = Path(__file__).parent / "tiny_ranker.yaml"
ROOT = Path(__file__).parents[2]


def start_training(
    data: Path, run: Path, *, resume: bool = False, killed_at: tuple[str, int] | None = None
) -> subprocess.Popen[str]:
    """Starts `tfelc train` on both tasks of `every_kind`, killed at a moment of `killed_training` or not at all."""
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


def train(dataset: Any, path: Path, *settings: str, heads: Sequence[str] = ("click", "buy")) -> Any:
    """Trains in this process; returns the finished `Training`."""
    from rich.console import Console
    from tfelc.ranker.training.training import Training

    from tfelc.ranker.settings import RankerSettings

    config = RankerSettings.load(SETTINGS, settings)
    training = Training.start(path, dataset, config, heads, Console(quiet=True))
    training.run()
    return training
