"""Takes up a models.config file that was edited."""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from tfelc.core.errors import ConfigError
from tfelc.serving.local_server.config_file import read_models
from tfelc.serving.local_server.model_manager import ModelManager
from tfelc.serving.local_server.serving_error import ServingError

_log = logging.getLogger(__name__)


class ConfigWatcher:
    """Reads the file again and again, and reloads the models when its content has changed.

    A content that is wrong is logged and passed over; what was served goes on being served.

    Args:
        path: The file.
        poll: Seconds between two readings.
        manager: Whose models the file lists.
    """

    def __init__(self, path: Path, poll: float, manager: ModelManager) -> None:
        self._path = path
        self._poll = poll
        self._manager = manager
        self._seen = _content(path)

    def start(self) -> None:
        """Watches until the process ends."""
        threading.Thread(target=self._watch, name="config", daemon=True).start()

    def _watch(self) -> None:
        while True:
            time.sleep(self._poll)
            content = _content(self._path)
            if content == self._seen:
                continue
            self._seen = content
            try:
                self._manager.reload(read_models(self._path))
                _log.info("took up %s", self._path)
            except (ConfigError, ServingError) as error:
                _log.warning("%s is passed over: %s", self._path, error)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
