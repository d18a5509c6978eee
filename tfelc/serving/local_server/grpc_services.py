"""The gRPC services: prediction and model management."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import grpc
from tensorflow_serving.apis import (
    model_management_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)

from tfelc.serving.local_server import inference
from tfelc.serving.local_server.config_file import models_of
from tfelc.serving.local_server.metrics import Metrics
from tfelc.serving.local_server.model_manager import ModelManager
from tfelc.serving.local_server.model_status import status_response
from tfelc.serving.local_server.servable import Servable
from tfelc.serving.local_server.serving_error import ServingError


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers Predict, Classify, Regress, MultiInference and GetModelMetadata.

    Args:
        manager: The models.
        metrics: Where requests are counted.
    """

    def __init__(self, manager: ModelManager, metrics: Metrics) -> None:
        self._manager = manager
        self._metrics = metrics

    def Predict(self, request: Any, context: Any) -> Any:  # noqa: N802, D102
        return self._answer("Predict", inference.predict, request.model_spec, request, context)

    def Classify(self, request: Any, context: Any) -> Any:  # noqa: N802, D102
        return self._answer("Classify", inference.classify, request.model_spec, request, context)

    def Regress(self, request: Any, context: Any) -> Any:  # noqa: N802, D102
        return self._answer("Regress", inference.regress, request.model_spec, request, context)

    def MultiInference(self, request: Any, context: Any) -> Any:  # noqa: N802, D102
        if not request.tasks:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Inference request must have at least one task")
        spec = request.tasks[0].model_spec
        return self._answer("MultiInference", inference.multi_inference, spec, request, context)

    def GetModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802, D102
        return self._answer("GetModelMetadata", inference.metadata, request.model_spec, request, context)

    def _answer(self, api: str, call: Callable[[Servable, Any], Any], spec: Any, request: Any, context: Any) -> Any:
        started = time.perf_counter()
        status = "OK"
        try:
            version, label = chosen(spec)
            with self._manager.use(spec.name, version, label) as servable:
                return call(servable, request)
        except Exception as error:
            known = ServingError.of(error)
            status = known.code.name
            context.abort(known.code, known.message[:4000])
        finally:
            self._metrics.observe(spec.name, api, "gRPC", status, time.perf_counter() - started)


class ModelService(model_service_pb2_grpc.ModelServiceServicer):
    """Answers GetModelStatus and HandleReloadConfigRequest.

    Args:
        manager: The models.
    """

    def __init__(self, manager: ModelManager) -> None:
        self._manager = manager

    def GetModelStatus(self, request: Any, context: Any) -> Any:  # noqa: N802, D102
        try:
            if not request.HasField("model_spec"):
                raise ServingError.invalid("Missing ModelSpec")
            version, label = chosen(request.model_spec)
            return status_response(self._manager, request.model_spec.name, version, label)
        except ServingError as error:
            context.abort(error.code, error.message)

    def HandleReloadConfigRequest(self, request: Any, context: Any) -> Any:  # noqa: N802, D102
        try:
            models = models_of(request.config)
            self._manager.reload(models)
            return model_management_pb2.ReloadConfigResponse()
        except ServingError as error:
            context.abort(error.code, error.message)


def chosen(spec: Any) -> tuple[int | None, str | None]:
    """Version and label of a ModelSpec; raises ServingError for one without a name."""
    if not spec.name:
        raise ServingError.invalid("ModelSpec has no name")
    choice = spec.WhichOneof("version_choice")
    return (
        spec.version.value if choice == "version" else None,
        spec.version_label if choice == "version_label" else None,
    )
