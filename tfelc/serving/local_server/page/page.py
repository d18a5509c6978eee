"""Serves the page at `/`, its scripts and what they show."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import rapidjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tfelc.serving.local_server.metrics import Metrics
from tfelc.serving.local_server.model_manager import ModelManager
from tfelc.serving.local_server.page.form import form
from tfelc.serving.local_server.servable import Servable
from tfelc.serving.local_server.serving_error import ServingError

_FOLDER = Path(__file__).parent
_SECONDS = 60
# The page needs nothing from elsewhere; the policy keeps a value shown on it from becoming a script.
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:"
    ),
    "X-Content-Type-Options": "nosniff",
}
_FILES = {
    "/": ("page.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/form.js": ("form.js", "text/javascript"),
}
_FOLDERS_OF_A_PATH = re.compile(r"(?:/[^/\s:;,'\"]+)+/(?=[^/\s:;,'\"])")


class Page:
    """Serves the page, its files and what they show.

    Args:
        manager: The models.
        metrics: The latencies.
    """

    def __init__(self, manager: ModelManager, metrics: Metrics) -> None:
        self._manager = manager
        self._metrics = metrics
        self._forms: WeakKeyDictionary[Servable, dict[str, Any]] = WeakKeyDictionary()

    def routes(self) -> list[Route]:
        """The page, its files, its state, and the form of a model."""
        files = [Route(path, self._file) for path in _FILES]
        return [*files, Route("/page/state", self._state), Route("/page/form/{name}", self._form)]

    async def _file(self, request: Request) -> Response:
        name, media_type = _FILES[request.scope["path"]]
        return Response((_FOLDER / name).read_text(encoding="utf-8"), media_type=media_type, headers=_HEADERS)

    async def _state(self, _: Request) -> Response:
        state = {"models": [self._model(name) for name in self._manager.models], "latency": self._latency()}
        return Response(rapidjson.dumps(state), media_type="application/json")

    async def _form(self, request: Request) -> Response:
        try:
            with self._manager.use(request.path_params["name"]) as servable:
                if servable not in self._forms:
                    self._forms[servable] = await run_in_threadpool(form, servable)
                return Response(rapidjson.dumps(self._forms[servable]), media_type="application/json")
        except ServingError:  # nothing is loaded: there is nothing to fill in
            return Response('{"version": null, "signatures": []}', media_type="application/json")

    def _model(self, name: str) -> dict[str, Any]:
        model = self._manager.models[name]
        versions = [
            {
                "version": version,
                "state": status.state,
                "error": without_folders(status.message),
                "labels": [label for label, target in model.labels.items() if target == version],
            }
            for version, status in (model.statuses() if model.known else {}).items()
        ]
        available = [version["version"] for version in versions if version["state"] == "AVAILABLE"]
        return {"name": name, "versions": versions, "served": max(available, default=None)}

    def _latency(self) -> list[dict[str, float]]:
        """Median and 99th percentile, in milliseconds, of each of the last seconds that saw a request."""
        now = time.time()
        seconds: dict[int, list[float]] = {}
        for when, duration in self._metrics.recent():
            if now - when < _SECONDS:
                seconds.setdefault(int(now - when), []).append(duration * 1e3)
        return [
            {
                "ago": ago,
                "p50": float(np.percentile(found, 50)),
                "p99": float(np.percentile(found, 99)),
                "requests": len(found),
            }
            for ago, found in sorted(seconds.items(), reverse=True)
        ]


def without_folders(message: str) -> str:
    """A message whose paths are cut to their last part: everybody may see the page, and nobody needs the rest there."""
    return _FOLDERS_OF_A_PATH.sub("", message)
