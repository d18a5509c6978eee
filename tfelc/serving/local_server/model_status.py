"""The answer to a status request."""

from __future__ import annotations

from typing import Any

from tensorflow_serving.apis import get_model_status_pb2

from tfelc.serving.local_server.model_manager import ModelManager

_STATES = get_model_status_pb2.ModelVersionStatus.State


def status_response(manager: ModelManager, name: str, version: int | None) -> Any:
    """A GetModelStatusResponse; raises ServingError for a model or version that is not known.

    A request's label plays no part: TensorFlow Serving does not read it, and answers with all versions.
    """
    response = get_model_status_pb2.GetModelStatusResponse()
    for number, status in manager.statuses(name, version).items():
        added = response.model_version_status.add(version=number, state=_STATES.Value(status.state))
        added.status.error_code = status.code.value[0]
        added.status.error_message = status.message
    return response
