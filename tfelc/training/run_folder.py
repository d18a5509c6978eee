"""What a run leaves behind: settings, schema, fitted features, checkpoints, metrics, logs."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal

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
# What every later step reads and nothing writes again.
_UNCHANGING = ("config.yaml", "schema.yaml", "features.json")
_FACTS = {"tfelc": str, "tasks": list, "data": str, "data_hash": str, "files": dict}


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
        try:
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
                    "files": {name: _sha256(run.path / name) for name in _UNCHANGING},
                },
            )
        except BaseException:
            shutil.rmtree(run.path, ignore_errors=True)
            raise
        return run

    @staticmethod
    def refuse_taken(path: Path) -> None:
        """Raises RunError where the folder exists and is not empty."""
        if (path / "run.json").exists():
            raise RunError(f"{path}: holds a run already; name another --run, or go on with it by --resume")
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise RunError(f"{path}: exists already and is no run; name another --run, or remove it")

    def remove_unfinished(self) -> None:
        """Removes the files that a killed process was still writing."""
        for folder in (self.path, self.last.parent):
            for file in folder.glob(".*.tmp"):
                file.unlink()

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
        if not isinstance(facts, dict) or any(type(facts.get(key)) is not kind for key, kind in _FACTS.items()):
            raise RunError(f"{self.path / 'run.json'}: not written by tfelc's training")
        return facts

    def config(self) -> Config:
        """The run's settings; raises RunError when they are missing or changed."""
        return Config.load(self._unchanged("config.yaml"))

    def schema(self) -> Schema:
        """The schema that the run was trained with; raises RunError when it is missing or changed."""
        return Schema.load(self._unchanged("schema.yaml"))

    def fitted(self) -> FittedFeatures:
        """The fitted features; raises RunError when they are missing or changed."""
        return FittedFeatures.load(self._unchanged("features.json"))

    def dataset(self, path: Path | None = None) -> Dataset:
        """The dataset that the run was trained on, or another to measure it on.

        Raises:
            RunError: The run's own dataset has changed since.
            DataError: The folder is no prepared dataset.
        """
        facts = self.facts()
        dataset = Dataset(path or Path(facts["data"]))
        if path is None and dataset.hash != facts["data_hash"]:
            raise RunError(
                f"{self.path}: {dataset.path} holds other data than the run was trained on (its hash differs); "
                "name it by --data to measure the run on it"
            )
        return dataset

    def _unchanged(self, name: str) -> Path:
        path = self.path / name
        try:
            if _sha256(path) == self.facts()["files"].get(name):
                return path
        except FileNotFoundError:
            raise RunError(f"{path}: missing; the run folder is incomplete") from None
        raise RunError(f"{path}: damaged, or changed since the run was started; the run folder cannot be used")

    def model(self, precision: Literal["float32", "mixed_bfloat16"] | None = None) -> RankingModel:
        """The ranker with its best weights.

        Args:
            precision: What to compute in instead of what the run was trained in; the weights are the same.

        Raises:
            RunError: The folder is no run, or is damaged.
        """
        heads, config = self.facts()["tasks"], self.config()
        if precision is not None:
            config = config.model_copy(update={"training": config.training.model_copy(update={"precision": precision})})
        model = RankingModel.build(self.schema(), self.fitted(), heads, config)
        load_checkpoint(self.best, {"ranker": model.ranker.variables})
        return model

    def write_json(self, name: str, content: Any) -> None:
        """Writes one JSON file of the folder."""
        write_text(self.path / name, json_text(content) + "\n")


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


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
