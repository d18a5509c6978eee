"""What every run leaves behind: settings, checkpoints, metrics, logs, and where they come from."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

from tfelc import __version__
from tfelc.core.atomic_files import write_bytes, write_text
from tfelc.core.errors import RunError
from tfelc.core.json_text import json_text
from tfelc.core.settings import Settings
from tfelc.lifecycle.kinds import RUN_KINDS
from tfelc.lifecycle.training.threads import intra_op_threads

SettingsT = TypeVar("SettingsT", bound=Settings)

_PACKAGES = ("tensorflow", "keras", "numpy", "pandas", "pyarrow", "tensorflow-serving-api", "tensorflow-recommenders")
# File -> what to do where it is damaged.
_DAMAGED = {"history.json": "remove it, and all but the training curves is there"}
_METADATA_TYPES = {"tfelc": str, "kind": str, "data": str, "data_hash": str, "files": dict}


class Run(ABC, Generic[SettingsT]):
    """A run folder on disk; each kind of model has a class of its own on top, which `RUN_KINDS` names.

    `run.json` (what was run, on which data, by which versions), `config.yaml` and whatever else every later step reads,
    `checkpoints/{last,best}.npz`, `history.json`, `metrics.json`, `logs/` for TensorBoard.

    What the folder holds is read once, when it is first asked for, and kept.

    Args:
        path: Path. The folder. Nothing is read here; `open` also looks whether it holds a run.

    Attributes:
        kind: What is trained, as `run.json` says it.
        settings_class: The class of its settings.
        metadata_types: The metadata of this kind and their types, beside those of every run.
    """

    kind: ClassVar[str]
    settings_class: type[SettingsT]
    metadata_types: ClassVar[Mapping[str, type]] = {}

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._verified: set[str] = set()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Opens a run of this kind; `Run.open` one of any kind, as the class of its kind.

        Args:
            path: Path. The folder.

        Raises:
            RunError: There is no such folder, it is incomplete, was not written by tfelc, or holds another kind.
        """
        metadata = _read_metadata(Path(path))
        made: Any = _class_of(metadata["kind"], Path(path)) if cls is Run else cls
        run: Self = made(path)
        run.metadata = run._checked(metadata)
        return run

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

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """The content of `run.json`; raises RunError as `open` does."""
        return self._checked(_read_metadata(self.path))

    @cached_property
    def settings(self) -> SettingsT:
        """The run's settings; raises RunError when they are missing or changed."""
        return self.settings_class.load(self.unchanged("config.yaml"))

    @abstractmethod
    def model(self) -> Any:
        """The model with its best weights; raises RunError when the folder is no run, or is damaged."""

    @abstractmethod
    def refuse_incomparable(self, other: Self) -> None:
        """Raises UsageError where figures of the other run cannot be compared with this one's."""

    @classmethod
    def create_folder(cls, path: Path, files: Mapping[str, str | bytes], metadata: Mapping[str, Any]) -> Self:
        """Makes a run folder.

        Args:
            path: Path. The folder.
            files: Mapping. Name -> content of what every later step reads and nothing writes again.
            metadata: Mapping. What `run.json` holds beside versions and times; among it `data` and `data_hash`.

        Raises:
            RunError: The folder exists and is not empty.
        """
        cls.refuse_taken(path)
        run = cls(path)
        try:
            run.last.parent.mkdir(parents=True)
        except FileExistsError:
            raise RunError(f"{path}: another training has just been started there; name another folder") from None
        with run.removed_on_failure():
            for name, content in files.items():
                write_bytes(run.path / name, content.encode() if isinstance(content, str) else content)
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
                    "machine": {
                        "cpus": os.cpu_count(),
                        "processor": platform.machine(),
                        "threads": intra_op_threads(),
                    },
                    "files": {name: _sha256(run.path / name) for name in files},
                },
            )
        return run

    @contextmanager
    def removed_on_failure(self) -> Iterator[None]:
        """Removes the folder where the block fails, since a run that was never trained is no use to anybody."""
        try:
            yield
        except BaseException:
            shutil.rmtree(self.path, ignore_errors=True)
            raise

    @staticmethod
    def refuse_taken(path: Path) -> None:
        """Raises RunError where the folder exists and is not empty."""
        if (path / "run.json").exists():
            raise RunError(f"{path}: holds a run already; name another folder")
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise RunError(f"{path}: exists already and is no run; name another folder, or remove it")

    def remove_unfinished(self) -> None:
        """Removes the files that a killed process was still writing."""
        for folder in (self.path, self.last.parent):
            for file in folder.glob(".*.tmp"):
                file.unlink()

    def unchanged(self, name: str) -> Path:
        """The path of a file of the run, which is hashed once; raises RunError when it is missing or changed."""
        path = self.path / name
        if name in self._verified:
            return path
        try:
            if _sha256(path) == self.metadata["files"].get(name):
                self._verified.add(name)
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
            raise RunError(f"{self.path / name}: damaged; {_DAMAGED.get(name, 'train again')}")
        return content

    def write_json(self, name: str, content: Any) -> None:
        """Writes one JSON file of the folder."""
        write_text(self.path / name, json_text(content) + "\n")

    def _checked(self, metadata: dict[str, Any]) -> dict[str, Any]:
        """The metadata, where they are those of a run of this kind."""
        if metadata["kind"] != self.kind:
            raise RunError(f"{self.path}: holds a run of another kind: {metadata['kind']}, not {self.kind}")
        types = {**_METADATA_TYPES, **self.metadata_types}
        if any(type(metadata.get(key)) is not expected for key, expected in types.items()):
            raise RunError(f"{self.path / 'run.json'}: not written by tfelc's training")
        return metadata


def _read_metadata(folder: Path) -> dict[str, Any]:
    if not folder.is_dir():
        raise RunError(f"{folder}: no such run folder")
    path = folder / "run.json"
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunError(f"{folder}: not a run folder of tfelc (no run.json)") from None
    except (OSError, ValueError):
        raise RunError(f"{path}: damaged; the run folder cannot be used") from None
    if not isinstance(metadata, dict) or not isinstance(metadata.get("kind"), str):
        raise RunError(f"{path}: not written by tfelc's training")
    return metadata


def _class_of(kind: str, folder: Path) -> type[Run[Any]]:
    if kind not in (known := RUN_KINDS.names()):
        raise RunError(
            f"{folder}: holds a run of kind `{kind}`, which is none of {', '.join(known)}; install the package that "
            "trained it, or a newer tfelc"
        )
    return RUN_KINDS.get(kind)


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
