"""How long ago the folders were read, beside the answers of health and status."""

from __future__ import annotations

import time
from typing import Any

from grpc_health.v1 import health

from tfelc.serving.local_server.model_manager import ModelManager

LAST_LOOK = "x-last-look-seconds"


def seconds_since_look(manager: ModelManager) -> str:
    """Seconds since the folders were last read, as a header's value."""
    return f"{max(time.time() - manager.last_look, 0.0):.3f}"


class HealthService(health.HealthServicer):
    """gRPC's health service, whose answers say in their metadata when the folders were last read.

    Args:
        manager: Whose folders.
    """

    def __init__(self, manager: ModelManager) -> None:
        super().__init__()
        self._manager = manager

    def Check(self, request: Any, context: Any) -> Any:  # noqa: N802, D102
        context.set_trailing_metadata(((LAST_LOOK, seconds_since_look(self._manager)),))
        return super().Check(request, context)
