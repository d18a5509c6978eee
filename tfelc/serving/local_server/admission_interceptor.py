"""Keeps gRPC's calls of models within bounds, and everything else out of their queue."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from tfelc.serving.local_server.admission import Admission

_MODELS = "/tensorflow.serving.PredictionService/"


class AdmissionInterceptor(grpc.ServerInterceptor):
    """Refuses calls of models while too many wait, and moves the rest to threads of their own.

    A health check or a status request must not wait behind a thousand predictions, nor be refused because of them.

    Args:
        admission: The threads of the models, which the server uses by default.
    """

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._aside = ThreadPoolExecutor(4, thread_name_prefix="aside")

    def intercept_service(self, continuation: Callable[[Any], Any], handler_call_details: Any) -> Any:
        """Chooses the threads, before the call is queued."""
        handler = continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        if not handler_call_details.method.startswith(_MODELS):
            return self._moved(handler, handler.unary_unary)
        return self._moved(handler, self._refuse) if self._admission.full else handler

    def _moved(self, handler: Any, behavior: Callable[[Any, Any], Any]) -> Any:
        def call(request: Any, context: Any) -> Any:
            return behavior(request, context)

        # gRPC's way to give a method other threads than the server's; a version without it would use those.
        call.experimental_thread_pool = self._aside  # type: ignore[attr-defined]
        return grpc.unary_unary_rpc_method_handler(call, handler.request_deserializer, handler.response_serializer)

    def _refuse(self, _: Any, context: Any) -> None:
        refusal = self._admission.refusal()
        context.abort(refusal.code, refusal.message)
