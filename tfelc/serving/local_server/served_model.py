"""All versions of one model: what lies on disk, what is loaded, and what each label names."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import grpc

from tfelc.serving.local_server.model_config import ModelConfig
from tfelc.serving.local_server.servable import Servable
from tfelc.serving.local_server.serving_error import ServingError
from tfelc.serving.local_server.version_folders import Fingerprint, find_versions, fingerprint, why_empty

_log = logging.getLogger(__name__)

State = Literal["START", "LOADING", "AVAILABLE", "UNLOADING", "END"]
FIRST_PAUSE, LONGEST_PAUSE = 60.0, 3600.0
Loader = Callable[[str, int, Path], Servable]


@dataclass(frozen=True)
class VersionStatus:
    """Where a version stands, and the error that ended it, if one did."""

    state: State
    code: grpc.StatusCode = grpc.StatusCode.OK
    message: str = ""


@dataclass(frozen=True)
class _Failure:
    """A version that could not be loaded: its files then, the time of the next attempt, and the pause before it."""

    seen: Fingerprint
    again: float
    pause: float


class ServedModel:
    """Follows the folder of one model.

    `look` is called by one thread at a time; every other method may be called from any thread.

    Args:
        config: Which versions are served, and under which labels.
        load: Loads and warms one version; raises when it cannot.

    Attributes:
        config: The same; may be replaced between two looks.
        last_look: When the folder was last read, in seconds since 1970; 0 for never.
        failed_looks: How many looks failed.
        problem: What was wrong at the last look; empty when nothing was.
    """

    def __init__(self, config: ModelConfig, load: Loader) -> None:
        self.config = config
        self._load = load
        self._lock = threading.Lock()
        self._loaded: dict[int, Servable] = {}
        self._statuses: dict[int, VersionStatus] = {}
        self._failed: dict[int, _Failure] = {}
        self._labels: dict[str, int] = {}
        self._unloading: list[threading.Thread] = []
        self.last_look = 0.0
        self.failed_looks = 0
        self.problem = ""

    def look(self) -> None:
        """Loads what the policy wants, then unloads what it no longer wants.

        A version is unloaded only once another wanted one answers, or when nothing is wanted any more: a broken version
        never replaces a working one. A version that failed is tried again when its files have changed, and else after a
        minute, then two, four, up to an hour: the fault may have been the disk's. While the folder cannot be read
        everything stays as it is, whatever the file system says; the next look tries again.
        """
        try:
            problem = self._reconcile()
            self.last_look = time.time()
        except Exception as error:
            self.failed_looks += 1
            said = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else repr(error)
            problem = f"what is served stays, because the folder cannot be read: {said}"
        if problem and problem != self.problem:
            _log.warning("%s: %s", self.config.name, problem)
        self.problem = problem

    def _reconcile(self) -> str:
        folders = find_versions(self.config.base_path)
        wanted = self.config.wanted(folders)
        for version in wanted:
            if version not in self._loaded:
                self._try(version, folders[version])
        for version in [version for version in self._loaded if version not in wanted]:
            if not wanted or any(other in self._loaded for other in wanted):
                self._unload(version)
        if not folders:
            return why_empty(self.config.base_path)
        if absent := sorted(set(self.config.versions) - set(folders)):
            return f"listed versions are not in {self.config.base_path}: {', '.join(map(str, absent[:5]))}"
        return ""

    def check_labels(self, labels: Mapping[str, int], may_wait: bool) -> None:
        """Whether these labels may replace those of now, by TensorFlow Serving's rules.

        Args:
            labels: Version of each label.
            may_wait: Whether a label that names nothing yet may name a version that does not answer. A label in use
                never may.

        Raises:
            ServingError: FAILED_PRECONDITION, for a version that does not answer.
        """
        with self._lock:
            for label, version in labels.items():
                free = self._labels.get(label, version) == version
                if version not in self._loaded and not (may_wait and free):
                    raise _label_refusal(self.config.name, label, version)

    def set_labels(self, labels: Mapping[str, int]) -> None:
        """Replaces the labels."""
        with self._lock:
            self._labels = dict(labels)

    @contextmanager
    def use(self, version: int | None = None, label: str | None = None) -> Iterator[Servable]:
        """Lends a loaded version, by default the highest; it is not unloaded meanwhile.

        Raises:
            ServingError: NOT_FOUND for a version that does not answer, INVALID_ARGUMENT for an unknown label.
        """
        with self._lock:
            if label is not None:
                version = self._version_of(label)
            chosen = version if version is not None else max(self._loaded, default=None)
            servable = self._loaded.get(chosen) if chosen is not None else None
            if servable is None:
                asked = f"Latest({self.config.name})" if version is None else f"Specific({self.config.name}, {version})"
                raise ServingError(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: {asked}")
            servable.acquire()
        try:
            yield servable
        finally:
            servable.release()

    def statuses(self, version: int | None = None) -> dict[int, VersionStatus]:
        """Where each version stands, the highest first; of one version where one is asked for.

        Raises:
            ServingError: NOT_FOUND for a version never seen.
        """
        with self._lock:
            if version is None:
                if not self._statuses:
                    raise ServingError(
                        grpc.StatusCode.NOT_FOUND, f"Could not find any versions of model {self.config.name}"
                    )
                return dict(sorted(self._statuses.items(), reverse=True))
            if version not in self._statuses:
                raise ServingError(
                    grpc.StatusCode.NOT_FOUND, f"Could not find version {version} of model {self.config.name}"
                )
            return {version: self._statuses[version]}

    @property
    def labels(self) -> dict[str, int]:
        """Version of each label."""
        with self._lock:
            return dict(self._labels)

    @property
    def known(self) -> bool:
        """Whether any version has been seen."""
        return bool(self._statuses)

    @property
    def answers(self) -> bool:
        """Whether at least one version is loaded."""
        return bool(self._loaded)

    def close(self) -> None:
        """Unloads every version, and waits until nobody uses them."""
        for version in list(self._loaded):
            self._unload(version)
        for thread in self._unloading:
            thread.join()

    def _version_of(self, label: str) -> int:
        if label not in self._labels:
            raise ServingError.invalid(f"Unrecognized servable version label: {label[:200]}")
        return self._labels[label]

    def _try(self, version: int, path: Path) -> None:
        seen = fingerprint(path)
        failure = self._failed.get(version)
        if failure is not None and failure.seen == seen and time.monotonic() < failure.again:
            return
        self._set(version, VersionStatus("LOADING"))
        try:
            servable = self._load(self.config.name, version, path)
        except Exception as error:
            known = ServingError.of(error)
            pause = min(2 * failure.pause, LONGEST_PAUSE) if failure and failure.seen == seen else FIRST_PAUSE
            # What changed while it was read may be whole by now.
            again = time.monotonic() + (pause if fingerprint(path) == seen else 0.0)
            self._failed[version] = _Failure(seen, again, pause)
            self._set(version, VersionStatus("END", known.code, known.message))
            return
        self._failed.pop(version, None)
        with self._lock:
            self._loaded[version] = servable
            self._statuses[version] = VersionStatus("AVAILABLE")

    def _unload(self, version: int) -> None:
        with self._lock:
            servable = self._loaded.pop(version)
            self._statuses[version] = VersionStatus("UNLOADING")

        def finish() -> None:
            servable.close()
            with self._lock:
                if version not in self._loaded:
                    self._statuses[version] = VersionStatus("END")

        # On a thread of its own: a request that takes its time must not keep the next version from loading.
        thread = threading.Thread(target=finish, name=f"unload {self.config.name} {version}", daemon=True)
        thread.start()
        self._unloading = [other for other in self._unloading if other.is_alive()] + [thread]

    def _set(self, version: int, status: VersionStatus) -> None:
        with self._lock:
            self._statuses[version] = status


def _label_refusal(model: str, label: str, version: int) -> ServingError:
    return ServingError(
        grpc.StatusCode.FAILED_PRECONDITION,
        f"Request to assign label {label} to version {version} of model {model}, "
        "which is not currently available for inference",
    )
