"""The rankers that are measured: their data and their trainings."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfelc.ranker.training.training import Training


def simulated(path: Path, rows: int, users: int | None = None) -> Path:
    """Writes a simulated log."""
    from tfelc.ranker.data import simulated_log

    simulated_log.prepare(rows=rows, seed=7, out=path, users=users)
    return path


def started(folder: str, data: str, task: str, settings: dict[str, Any]) -> "Training":
    """A training that has not begun, with its run in a new folder."""
    from rich.console import Console

    from tfelc.data.dataset import Dataset
    from tfelc.ranker.settings import Config
    from tfelc.ranker.training.training import Training

    config = Config.model_validate(settings)
    return Training.start(Path(folder), Dataset(Path(data)), config, task.split(","), Console(quiet=True))
