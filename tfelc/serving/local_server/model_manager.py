"""All models of the server, kept in step with their folders by one thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import grpc

from tfelc.serving.local_server.batcher import BatchingOptions
from tfelc.serving.local_server.model_config import ModelConfig
from tfelc.serving.local_server.servable import Servable
from tfelc.serving.local_server.served_model import ServedModel, VersionStatus
from tfelc.serving.local_server.serving_error import ServingError
from tfelc.serving.local_server.warmup import warm_up

_log = logging.getLogger(__name__)


class ModelManager:
    """Loads, lends and unloads.

    Args:
        poll: Seconds between two looks at the folders.
        threads: Threads of each of a session's pools; 0 for one a core.
        timeout: Seconds after which a run of a session is cut off; 0 for never.
        batching: How requests are joined into batches; None for not at all.
        labels_may_wait: Whether a label may name a version that does not answer yet.
        on_change: Called, from the polling thread, after each look.

    Attributes:
        on_change: The same; may be replaced.
    """

    def __init__(
        self,
        poll: float = 1.0,
        threads: int = 0,
        timeout: float = 0.0,
        batching: BatchingOptions | None = None,
        labels_may_wait: bool = False,
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        self._poll = poll
        self._threads = threads
        self._timeout = timeout
        self._batching = batching
        self._labels_may_wait = labels_may_wait
        self.on_change = on_change
        self._models: dict[str, ServedModel] = {}
        self._turn = threading.Lock()
        self._ended = threading.Event()
        self._poller = threading.Thread(target=self._follow, name="versions", daemon=True)

    def start(self, configs: Sequence[ModelConfig]) -> None:
        """Loads what there is to load, then follows the folders; raises ServingError as `reload` does."""
        self.reload(configs)
        self._poller.start()

    def reload(self, configs: Sequence[ModelConfig]) -> None:
        """Replaces the list of models, and waits until the new ones have loaded.

        As in TensorFlow Serving, the labels are looked at before anything is loaded: a label can name a version only
        once that version answers, so a version is listed in one step and labeled in the next.

        Raises:
            ServingError: FAILED_PRECONDITION for a label of a version that does not answer; nothing is then changed.
        """
        with self._turn:
            models = {
                config.name: self._models.get(config.name) or ServedModel(config, self._load) for config in configs
            }
            for config in configs:
                models[config.name].check_labels(config.labels, self._labels_may_wait)
            gone = [model for name, model in self._models.items() if name not in models]
            for config in configs:
                models[config.name].config = config
                models[config.name].set_labels(config.labels)
            self._models = models
            for model in models.values():
                model.look()
            for model in gone:
                model.close()
            self.on_change()

    def close(self) -> None:
        """Stops following the folders and unloads everything."""
        self._ended.set()
        if self._poller.is_alive():
            self._poller.join()
        for model in self._models.values():
            model.close()

    @property
    def models(self) -> dict[str, ServedModel]:
        """The models by name."""
        return self._models

    @contextmanager
    def use(self, name: str, version: int | None = None, label: str | None = None) -> Iterator[Servable]:
        """Lends a version of a model, by default the highest; see `ServedModel.use`."""
        model = self._models.get(name)
        if model is None:
            asked = f"Latest({name[:200]})" if version is None else f"Specific({name[:200]}, {version})"
            raise ServingError(grpc.StatusCode.NOT_FOUND, f"Servable not found for request: {asked}")
        with model.use(version, label) as servable:
            yield servable

    @property
    def last_look(self) -> float:
        """When the folder that was not read for longest was last read, in seconds since 1970."""
        return min((model.last_look for model in self._models.values()), default=time.time())

    def statuses(self, name: str, version: int | None = None) -> dict[int, VersionStatus]:
        """Where a model's versions stand; see `ServedModel.statuses`."""
        if name not in self._models:
            raise ServingError(grpc.StatusCode.NOT_FOUND, f"Could not find any versions of model {name[:200]}")
        return self._models[name].statuses(version)

    def _load(self, name: str, version: int, path: Path) -> Servable:
        _log.info("loading version %d of %s", version, name)
        servable: Servable | None = None
        try:
            servable = Servable(name, version, path, self._threads, self._timeout, self._batching)
            records = warm_up(servable, path)
        except Exception as error:
            _log.warning("version %d of %s failed to load: %s", version, name, error)
            if servable is not None:
                servable.close()
            raise
        _log.info("version %d of %s answers (%d warm-up records)", version, name, records)
        return servable

    def _follow(self) -> None:
        while not self._ended.wait(self._poll):
            try:
                with self._turn:
                    for model in self._models.values():
                        if self._ended.is_set():
                            return
                        model.look()
                self.on_change()
            except Exception:
                # Whatever it was, without this thread no version would ever come up again.
                _log.exception("a look at the versions failed; the next one is in %s seconds", self._poll)
