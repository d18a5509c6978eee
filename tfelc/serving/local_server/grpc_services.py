"""The gRPC services: prediction and model management."""

from __future__ import annotations

import logging
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
from tfelc.serving.local_server.access_log import AccessLog, request_id
from tfelc.serving.local_server.config_file import models_of
from tfelc.serving.local_server.expansion import Expansion
from tfelc.serving.local_server.last_look import LAST_LOOK, seconds_since_look
from tfelc.serving.local_server.metrics import Metrics
from tfelc.serving.local_server.model_manager import ModelManager
from tfelc.serving.local_server.model_status import status_response
from tfelc.serving.local_server.request_logging.request_log import RequestLog
from tfelc.serving.local_server.servable import Servable
from tfelc.serving.local_server.serving_error import ServingError

_logger = logging.getLogger(__name__)
# The calls that are logged, and where a PredictionLog holds them.
_LOGGED = {
    "Predict": "predict_log",
    "Classify": "classify_log",
    "Regress": "regress_log",
    "MultiInference": "multi_inference_log",
}


class PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    """Answers Predict, Classify, Regress, MultiInference and GetModelMetadata.

    Args:
        manager: The models.
        metrics: Where requests are counted.
        log: The access log.
        max_body: Bytes of a request at most, which also bound what its tensors may fill.
        requests: What answered requests are offered to.
    """

    def __init__(
        self, manager: ModelManager, metrics: Metrics, log: AccessLog, max_body: int, requests: RequestLog
    ) -> None:
        self._manager = manager
        self._metrics = metrics
        self._log = log
        self._max_body = max_body
        self._requests = requests

    def Predict(self, request: Any, context: Any) -> Any:  # noqa: N802, D102
        def call(servable: Servable, request: Any) -> Any:
            return inference.predict(servable, request, Expansion(self._max_body))

        return self._answer("Predict", call, request.model_spec, request, context)

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
        given = dict(context.invocation_metadata()).get("x-request-id")
        number = request_id(given if isinstance(given, str) else None)
        context.set_trailing_metadata((("x-request-id", number),))
        try:
            version, label = chosen(spec)
            with self._manager.use(spec.name, version, label) as servable:
                answer = call(servable, request)
                if api in _LOGGED:
                    self._offer(servable, _LOGGED[api], number, request, answer)
                return answer
        except Exception as error:
            known = ServingError.of(error)
            status = known.code.name
            if known.http_status == 500:
                _logger.warning("request %s failed: %s", number, known.message)
            context.abort(known.code, known.message[:4000])
        finally:
            seconds = time.perf_counter() - started
            self._metrics.observe(spec.name, api, "gRPC", status, seconds)
            self._log.write(number, "gRPC", f"{api} {spec.name}", status, seconds, status in ("INTERNAL", "UNKNOWN"))

    def _offer(self, servable: Servable, field: str, number: str, request: Any, answer: Any) -> None:
        def fill(log: Any) -> None:
            part = getattr(log, field)
            part.request.CopyFrom(request)
            part.response.CopyFrom(answer)

        signature = answer.model_spec.signature_name if hasattr(answer, "model_spec") else ""
        self._requests.offer(servable, signature, request.ByteSize, number, fill)


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
            version, _ = chosen(request.model_spec)
            context.set_trailing_metadata(((LAST_LOOK, seconds_since_look(self._manager)),))
            return status_response(self._manager, request.model_spec.name, version)
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
