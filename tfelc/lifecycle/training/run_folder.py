"""What every run leaves behind: settings, checkpoints, metrics, logs, and where they come from."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar, Self

from tfelc import __version__
from tfelc.core.atomic_files import write_text
from tfelc.core.errors import RunError
from tfelc.core.json_text import json_text

_PACKAGES = ("tensorflow", "keras", "numpy", "pandas", "pyarrow", "tensorflow-serving-api", "tensorflow-recommenders")
_METADATA_TYPES = {"tfelc": str, "kind": str, "data": str, "data_hash": str, "files": dict}


class RunFolder:
    """A run folder on disk, of any kind of model; each kind has a class of its own on top.

    `run.json` (what was run, on which data, by which versions), `config.yaml` and whatever else every later step reads,
    `checkpoints/{last,best}.npz`, `history.json`, `metrics.json`, `logs/` for TensorBoard.

    Attributes:
        kind: What is trained, as `run.json` says it; "" is any.
        metadata_types: The metadata of this kind and their types, beside those of every run.
    """

    kind: ClassVar[str] = ""
    metadata_types: ClassVar[Mapping[str, type]] = {}

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
    def make(cls, path: Path, files: Mapping[str, str], metadata: Mapping[str, Any]) -> Self:
        """Starts a run folder.

        Args:
            path: The folder.
            files: Name -> content of what every later step reads and nothing writes again.
            metadata: What `run.json` holds beside versions and times; among it `data` and `data_hash`.

        Raises:
            RunError: The folder exists and is not empty.
        """
        cls.refuse_taken(path)
        run = cls(path)
        (run.path / "checkpoints").mkdir(parents=True)
        try:
            for name, text in files.items():
                write_text(run.path / name, text)
            # Last, since its presence says that the folder is a run.
            run.write_json(
                "run.json",
                {
                    "tfelc": __version__,
                    "kind": cls.kind,
                    **metadata,
                    "started": datetime.now(UTC).isoformat(timespec="seconds"),
                    "git_commit": _git_commit(),
                    "versions": {"python": platform.python_version(), **_versions()},
                    "machine": {"cpus": os.cpu_count(), "processor": platform.machine()},
                    "files": {name: _sha256(run.path / name) for name in files},
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

    def metadata(self) -> dict[str, Any]:
        """The content of `run.json`.

        Raises:
            RunError: The folder is missing, incomplete, or was not written by tfelc.
        """
        if not self.path.is_dir():
            raise RunError(f"{self.path}: no such run folder")
        try:
            metadata = json.loads((self.path / "run.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise RunError(f"{self.path}: not a run folder of tfelc (no run.json)") from None
        except (OSError, ValueError):
            raise RunError(f"{self.path / 'run.json'}: damaged; the run folder cannot be used") from None
        if not isinstance(metadata, dict) or not isinstance(metadata.get("kind"), str):
            raise RunError(f"{self.path / 'run.json'}: not written by tfelc's training")
        if self.kind not in ("", metadata.get("kind")):
            raise RunError(f"{self.path}: holds a run of another kind: {metadata.get('kind')}, not {self.kind}")
        types = {**_METADATA_TYPES, **self.metadata_types}
        if any(type(metadata.get(key)) is not expected for key, expected in types.items()):
            raise RunError(f"{self.path / 'run.json'}: not written by tfelc's training")
        return metadata

    def unchanged(self, name: str) -> Path:
        """The path of a file of the run; raises RunError when it is missing or changed."""
        path = self.path / name
        try:
            if _sha256(path) == self.metadata()["files"].get(name):
                return path
        except FileNotFoundError:
            raise RunError(f"{path}: missing; the run folder is incomplete") from None
        raise RunError(f"{path}: damaged, or changed since the run was started; the run folder cannot be used")

    def read_json(self, name: str) -> dict[str, Any] | None:
        """A JSON file of the folder, None where it is not there yet; raises RunError for a damaged one."""
        try:
            content = json.loads((self.path / name).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValueError):
            content = None
        if not isinstance(content, dict):
            raise RunError(f"{self.path / name}: damaged; train again")
        return content

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
