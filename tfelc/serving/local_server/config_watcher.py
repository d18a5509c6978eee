"""Takes up a models.config file that was edited."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from tfelc.core.errors import ConfigError
from tfelc.serving.local_server.config_file import read_models
from tfelc.serving.local_server.model_config import ModelConfig
from tfelc.serving.local_server.model_manager import ModelManager
from tfelc.serving.local_server.serving_error import ServingError

_log = logging.getLogger(__name__)


class ConfigWatcher:
    """Reads the file again and again, and reloads the models each time, changed or not, as TensorFlow Serving does.

    So a label that could not be moved yet is moved as soon as its version answers. A content that is wrong is logged
    once and passed over; what was served goes on being served.

    Args:
        path: The file.
        poll: Seconds between two readings.
        manager: Whose models the file lists.
    """

    def __init__(self, path: Path, poll: float, manager: ModelManager) -> None:
        self._path = path
        self._poll = poll
        self._manager = manager
        self._taken = self._listed()
        self._problem = ""

    def start(self) -> None:
        """Watches until the process ends."""
        threading.Thread(target=self._watch, name="config", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(self._poll)
            try:
                self._take_up()
            except (ConfigError, ServingError) as error:
                self._say(str(error))
            except Exception as error:
                self._say(repr(error))

    def _take_up(self) -> None:
        models = read_models(self._path)
        self._manager.reload(models)
        if models != self._taken or self._problem:
            _log.info("took up %s", self._path)
        self._taken, self._problem = models, ""

    def _say(self, problem: str) -> None:
        if problem != self._problem:
            _log.warning("%s is not taken up, and tried again: %s", self._path, problem)
        self._problem = problem

    def _listed(self) -> list[ModelConfig]:
        try:
            return read_models(self._path)
        except ConfigError:
            return []
