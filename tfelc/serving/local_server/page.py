"""The small page at `/`: what is served, how fast, and a row to try."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import rapidjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tfelc.serving.local_server.metrics import Metrics
from tfelc.serving.local_server.model_manager import ModelManager
from tfelc.serving.local_server.serving_error import ServingError

_HTML = Path(__file__).with_name("page.html")
_SECONDS = 60
_RANKER, _RECOMMENDER = "feature_manifest.json", "recommender_manifest.json"
# Items that are asked for where the page is not told how many.
_ASKED_K = 10
# The page needs nothing from elsewhere; the policy keeps a value shown on it from becoming a script.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'",
    "X-Content-Type-Options": "nosniff",
}


class Page:
    """Serves the page, its script and the state that it shows.

    Args:
        manager: The models.
        metrics: The latencies.
    """

    def __init__(self, manager: ModelManager, metrics: Metrics) -> None:
        self._manager = manager
        self._metrics = metrics

    def routes(self) -> list[Route]:
        """The page, its script and its state."""
        return [
            Route("/", self._html),
            Route("/page.js", self._script),
            Route("/page/state", self._state),
        ]

    async def _html(self, _: Request) -> Response:
        return Response(_HTML.read_text(encoding="utf-8"), media_type="text/html", headers=_HEADERS)

    async def _script(self, _: Request) -> Response:
        return Response(_HTML.with_suffix(".js").read_text(encoding="utf-8"), media_type="text/javascript")

    async def _state(self, _: Request) -> Response:
        state = {"models": [self._model(name) for name in self._manager.models], "latency": self._latency()}
        return Response(rapidjson.dumps(state), media_type="application/json")

    def _model(self, name: str) -> dict[str, Any]:
        model = self._manager.models[name]
        versions = [
            {
                "version": version,
                "state": status.state,
                "error": status.message,
                "labels": [label for label, target in model.labels.items() if target == version],
            }
            for version, status in (model.statuses() if model.known else {}).items()
        ]
        inputs: list[dict[str, Any]] = []
        try:
            with self._manager.use(name) as servable:
                missing = _missing_values(servable.path)
                for key, tensor in servable.signature("serving_default").inputs.items():
                    depth = len(tensor.shape) if tensor.shape is not None else 1
                    field = {"name": key, "type": tensor.dtype_name, "depth": depth, "missing": missing.get(key)}
                    inputs.append(field)
        except ServingError:
            pass  # nothing is loaded: the page shows the states alone
        return {"name": name, "versions": versions, "inputs": inputs}

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


def _missing_values(version: Path) -> dict[str, Any]:
    """What an empty field is sent as, by the manifest of the version; nothing where it has none."""
    assets = version / "assets"
    try:
        if (assets / _RECOMMENDER).exists():
            manifest = rapidjson.loads((assets / _RECOMMENDER).read_bytes())
            return {"history": manifest["padding"], "k": _ASKED_K}
        manifest = rapidjson.loads((assets / _RANKER).read_bytes())
        return {name: feature.get("missing") for name, feature in manifest["features"].items()}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return {}
