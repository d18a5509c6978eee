"""Samples requests with their answers, and writes them on a thread of its own."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from tfelc.core.errors import ConfigError
from tfelc.serving.local_server.model_config import ModelConfig
from tfelc.serving.local_server.model_manager import ModelManager
from tfelc.serving.local_server.request_logging.log_files import LogFiles, LogLimits
from tfelc.serving.local_server.servable import Servable

_log = logging.getLogger(__name__)
# Bytes of requests that wait to be written; what comes beyond is dropped.
_MOST_WAITING = 64 * 2**20
# Seconds that the writing of what waits may take when the server ends.
_END = 20.0
# Seconds between two looks at the clock where nothing is open.
_IDLE = 60.0

Fill = Callable[[Any], None]


@dataclass(frozen=True)
class RequestLogOptions:
    """Where and how much is logged.

    Attributes:
        folder: Where the files lie; None for what models.config says alone.
        sample: Share of the requests, of models without a `logging_config`.
        limits: When a file ends, and what all of them may take.
    """

    folder: Path | None = None
    sample: float = 0.0
    limits: LogLimits = field(default_factory=LogLimits)


@dataclass(frozen=True)
class _Waiting:
    prefix: Path
    model: str
    size: int
    write: Callable[[], bytes]


class RequestLog:
    """Takes a share of the answered requests, as TensorFlow Serving's PredictionLog.

    A request is never held up: what does not fit into the queue is dropped and counted.

    Args:
        options: Where and how much.
        manager: The models, whose `logging_config` is followed.
    """

    def __init__(self, options: RequestLogOptions, manager: ModelManager) -> None:
        self._options = options
        self._manager = manager
        self._files = LogFiles(options.limits)
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting] = deque()
        self._held = 0
        self._closed = False
        self._counts: Counter[tuple[str, str]] = Counter()
        self._models: dict[Path, str] = {}
        self._nowhere: set[str] = set()
        self._writer = threading.Thread(target=self._write_all, name="request log", daemon=True)

    def check(self, configs: Iterable[ModelConfig]) -> None:
        """Raises ConfigError where a model is to be logged, and nothing says where."""
        for config in configs:
            if self._rate(config) and self._prefix(config) is None:
                raise ConfigError(_homeless(config), ["request_log"])

    def start(self) -> None:
        """Begins to write."""
        self._writer.start()

    def offer(self, servable: Servable, signature: str, size: Callable[[], int], request_id: str, fill: Fill) -> None:
        """Takes a request that was answered, or not.

        Args:
            servable: What answered.
            signature: The signature asked.
            size: Gives the bytes of the request, about.
            request_id: The request's id.
            fill: Puts request and answer into a PredictionLog; called later, by another thread.
        """
        served = self._manager.models.get(servable.name)
        rate = self._rate(served.config) if served is not None else 0.0
        if served is None or not rate or random.random() >= rate:
            return
        prefix = self._prefix(served.config)
        if prefix is None:
            self._say_homeless(served.config)
            return
        now, takes = int(time.time()), size()

        def write() -> bytes:
            log = PredictionLog()
            fill(log)
            about = log.log_metadata
            about.model_spec.name = servable.name
            about.model_spec.version.value = servable.version
            about.model_spec.signature_name = signature
            about.sampling_config.sampling_rate = rate
            about.saved_model_tags.append("serve")
            about.timestamp_secs = now
            about.request_origin = request_id
            return log.SerializeToString()

        with self._changed:
            if self._closed or self._held + takes > _MOST_WAITING:
                self._counts[servable.name, "dropped"] += 1
                return
            self._waiting.append(_Waiting(prefix, servable.name, takes, write))
            self._held += takes
            self._changed.notify()

    def counts(self) -> dict[tuple[str, str], int]:
        """Requests by model and what became of them: `logged` or `dropped`."""
        with self._changed:
            return dict(self._counts)

    def close(self) -> None:
        """Writes what waits, and ends the files."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._writer.is_alive():
            self._writer.join(_END)

    def _rate(self, config: ModelConfig) -> float:
        if config.logging is not None:
            return config.logging.sample
        return self._options.sample if self._options.folder is not None else 0.0

    def _prefix(self, config: ModelConfig) -> Path | None:
        """Where a model's files go; None where nothing says so."""
        named = Path(config.logging.prefix if config.logging is not None else "")
        if named.is_absolute():
            return named
        if self._options.folder is None:
            return None
        return self._options.folder / (named if named.name else _file_name(config.name))

    def _say_homeless(self, config: ModelConfig) -> None:
        with self._changed:
            self._counts[config.name, "dropped"] += 1
            known = config.name in self._nowhere
            self._nowhere.add(config.name)
        if not known:
            _log.warning("%s", _homeless(config).replace("`request_log`", "--request-log"))

    def _write_all(self) -> None:
        pause = _IDLE
        while True:
            with self._changed:
                if not self._waiting and not self._closed:
                    self._changed.wait(max(min(pause, _IDLE), 0.01))
                entries, self._waiting = self._waiting, deque()
                closed = self._closed
            for entry in entries:
                self._write(entry)
            pause = self._files.end_old()
            self._count_lost()
            if closed and not entries:
                break
        self._files.close()
        self._count_lost()

    def _write(self, entry: _Waiting) -> None:
        self._models[entry.prefix] = entry.model
        try:
            taken = self._files.write(entry.prefix, entry.write())
        except Exception:
            # Whatever it was, without this thread nothing would be logged any more.
            _log.exception("a request to %s could not be logged", entry.model)
            taken = False
        with self._changed:
            self._held -= entry.size
            self._counts[entry.model, "logged" if taken else "dropped"] += 1

    def _count_lost(self) -> None:
        with self._changed:
            for prefix, records in self._files.lost.items():
                self._counts[self._models[prefix], "logged"] -= records
                self._counts[self._models[prefix], "dropped"] += records
        self._files.lost.clear()


def _homeless(config: ModelConfig) -> str:
    said = config.logging.prefix if config.logging is not None else ""
    what = f"filename_prefix `{said}`, which is no absolute path" if said else "no filename_prefix"
    return f"the logging_config of {config.name} has {what}: give the folder with `request_log`"


def _file_name(model: str) -> str:
    """A model's name as a file can have it."""
    return "".join(each if each.isalnum() or each in "._-" else "_" for each in model).lstrip(".") or "model"
