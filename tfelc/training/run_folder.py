"""What a run leaves behind: settings, schema, fitted features, checkpoints, metrics, logs."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from tfelc import __version__
from tfelc.config import Config
from tfelc.data.dataset import Dataset
from tfelc.errors import RunError
from tfelc.features.fitted import FittedFeatures
from tfelc.files import write_text
from tfelc.json_text import json_text
from tfelc.models.ranking_model import RankingModel
from tfelc.schema import Schema
from tfelc.training.checkpoint import load_checkpoint

_PACKAGES = ("tensorflow", "keras", "numpy", "pandas", "pyarrow", "tensorflow-serving-api", "tensorflow-recommenders")


class RunFolder:
    """A run folder on disk.

    `run.json` (what was run, on which data, by which versions), `config.yaml`, `schema.yaml`, `features.json`,
    `checkpoints/{last,best}.npz`, `history.json`, `metrics.json`, `logs/` for TensorBoard.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    @property
    def last(self) -> Path:
        """The checkpoint to resume from."""
        return self.path / "checkpoints" / "last.npz"

    @property
    def best(self) -> Path:
        """The weights that did best on the validation split."""
        return self.path / "checkpoints" / "best.npz"

    @property
    def logs(self) -> Path:
        """TensorBoard's folder."""
        return self.path / "logs"

    @classmethod
    def create(
        cls, path: Path, config: Config, dataset: Dataset, tasks: list[str], fitted: FittedFeatures
    ) -> RunFolder:
        """Starts a run folder.

        Raises:
            RunError: The folder exists and is not empty.
        """
        cls.refuse_taken(path)
        run = cls(path)
        (run.path / "checkpoints").mkdir(parents=True)
        write_text(run.path / "config.yaml", config.dump())
        write_text(run.path / "schema.yaml", dataset.schema.dump())
        fitted.save(run.path / "features.json")
        # Last, since its presence says that the folder is a run.
        run.write_json(
            "run.json",
            {
                "tfelc": __version__,
                "tasks": tasks,
                "data": str(dataset.path.absolute()),
                "data_hash": dataset.hash,
                "schema_hash": dataset.schema.hash(),
                "rows": dataset.manifest.rows,
                "started": datetime.now(UTC).isoformat(timespec="seconds"),
                "git_commit": _git_commit(),
                "versions": {"python": platform.python_version(), **_versions()},
                "machine": {"cpus": os.cpu_count(), "processor": platform.machine()},
            },
        )
        return run

    @staticmethod
    def refuse_taken(path: Path) -> None:
        """Raises RunError where the folder exists and is not empty."""
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise RunError(f"{path}: exists already; name another --run, or go on with it by --resume")

    def facts(self) -> dict[str, Any]:
        """The content of `run.json`.

        Raises:
            RunError: The folder is missing, incomplete, or was not written by tfelc.
        """
        if not self.path.is_dir():
            raise RunError(f"{self.path}: no such run folder")
        try:
            facts = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RunError(f"{self.path}: not a run folder of tfelc (no run.json)") from None
        except (OSError, ValueError):
            raise RunError(f"{self.path / 'run.json'}: damaged; the run folder cannot be used") from None
        if not isinstance(facts, dict) or not {"tfelc", "tasks", "data", "data_hash"} <= facts.keys():
            raise RunError(f"{self.path / 'run.json'}: not written by tfelc's training")
        return facts

    def config(self) -> Config:
        """The run's settings."""
        return Config.load(self.path / "config.yaml")

    def schema(self) -> Schema:
        """The schema that the run was trained with."""
        return Schema.load(self.path / "schema.yaml")

    def fitted(self) -> FittedFeatures:
        """The fitted features."""
        return FittedFeatures.load(self.path / "features.json")

    def model(self) -> RankingModel:
        """The ranker with its best weights.

        Raises:
            RunError: The folder is no run, or is damaged.
        """
        model = RankingModel.build(self.schema(), self.fitted(), self.facts()["tasks"], self.config())
        load_checkpoint(self.best, {"ranker": model.ranker.variables})
        return model

    def write_json(self, name: str, content: Any) -> None:
        """Writes one JSON file of the folder."""
        write_text(self.path / name, json_text(content) + "\n")


def _git_commit() -> str | None:
    try:
        answer = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.strip() or None


def _versions() -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = None
    return found
