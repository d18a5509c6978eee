"""The REST API: TensorFlow Serving's addresses, bodies and status codes."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from typing import Any
from urllib.parse import unquote

import grpc
import rapidjson
from google.protobuf import json_format
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from tfelc.serving.local_server import inference
from tfelc.serving.local_server.admission import Admission
from tfelc.serving.local_server.body_budget import BodyBudget
from tfelc.serving.local_server.expansion import check_size
from tfelc.serving.local_server.front import App, Receive, Scope, Send
from tfelc.serving.local_server.json_examples import read_examples, write_classes, write_values
from tfelc.serving.local_server.json_request import JsonRequest
from tfelc.serving.local_server.json_response import write_predictions
from tfelc.serving.local_server.last_look import LAST_LOOK, seconds_since_look
from tfelc.serving.local_server.metrics import Metrics
from tfelc.serving.local_server.model_manager import ModelManager
from tfelc.serving.local_server.model_status import status_response
from tfelc.serving.local_server.request_body import receive, unpack
from tfelc.serving.local_server.request_logging.request_log import RequestLog
from tfelc.serving.local_server.request_logging.rest_records import Asked, examples_filler, predict_filler
from tfelc.serving.local_server.serving_error import ServingError

_log = logging.getLogger(__name__)
_WHICH = r"/v1/models/(?P<name>[^/:]+)(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_API = re.compile(r"/v1/.*", re.IGNORECASE | re.DOTALL)
_CALL = re.compile(_WHICH + r":(?P<method>classify|regress|predict)", re.IGNORECASE | re.ASCII)
_STATUS = re.compile(_WHICH + r"(?P<metadata>/metadata)?", re.IGNORECASE | re.ASCII)
_MAX_INT64 = 2**63 - 1


class RestApi:
    """Answers under /v1/.

    Args:
        manager: The models.
        admission: Where calls of a model run.
        metrics: Where requests are counted.
        timeout: Seconds that a request may take, its body's arrival included.
        max_body: Bytes of a body at most.
        budget: Where the bytes of all bodies are counted.
        requests: What answered requests are offered to.
    """

    def __init__(
        self,
        manager: ModelManager,
        admission: Admission,
        metrics: Metrics,
        timeout: float,
        max_body: int,
        budget: BodyBudget,
        requests: RequestLog,
    ) -> None:
        self._manager = manager
        self._admission = admission
        self._metrics = metrics
        self._timeout = timeout
        self._max_body = max_body
        self._budget = budget
        self._requests = requests

    def app(self, metrics_path: str, pages: list[Route]) -> App:
        """The application, with the metrics at their path and the given pages beside the API."""
        routes = [
            Route(metrics_path, self._metrics_page),
            *pages,
            Route("/{rest:path}", _not_found, methods=list(_METHODS)),
        ]
        beside = Starlette(routes=routes, exception_handlers={HTTPException: _on_http_error, Exception: _on_error})
        beside.router.redirect_slashes = False

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            # Starlette's middleware and routes would take as long as all else that a call costs beside the model.
            path = scope["raw_path"].decode("latin-1")
            if scope["method"] in _METHODS and scope["path"] != metrics_path and _API.fullmatch(path):
                response = await self._answer(Request(scope, receive), path)
                await response(scope, receive, send)
            else:
                await beside(scope, receive, send)

        return answer

    async def _metrics_page(self, _: Request) -> Response:
        return Response(self._metrics.page(), media_type="text/plain; version=0.0.4")

    async def _answer(self, request: Request, path: str) -> Response:
        started = time.perf_counter()
        if request.method == "OPTIONS":
            # As TensorFlow Serving: a browser's question is let through, without a word on who may read the answers.
            asked = request.headers.get("origin", "").startswith(("http://", "https://"))
            return Response(status_code=200 if asked else 403)
        call = _CALL.fullmatch(path) if request.method == "POST" else None
        look = _STATUS.fullmatch(path) if request.method in ("GET", "HEAD") else None
        name, api, code = "unknown", "Unknown", "OK"
        try:
            match = call or look
            if match is None:
                raise ServingError.invalid(f"Malformed request: {request.method} {path[:200]}")
            name, version, label = _which(match)
            if call is not None:
                method = call["method"].lower()
                api = method.capitalize()
                content = await self._call(request, method, name, version, label, started)
            else:
                api = "Metadata" if match["metadata"] else "Status"
                content = (self._metadata if match["metadata"] else self._status)(name, version, label)
            headers = {LAST_LOOK: seconds_since_look(self._manager)} if api == "Status" else None
            return Response(content, media_type="application/json", headers=headers)
        except ServingError as error:
            code = error.code.name
            if error.http_status == 500:
                _log.warning("request %s failed: %s", request.state.request_id, error.message)
            return error_response(error.http_status, error.message)
        except ClientDisconnect:
            code = "CANCELLED"
            return error_response(499, "the client went away")
        except Exception as error:
            code = "INTERNAL"
            return await _on_error(request, error)
        finally:
            self._metrics.observe(name, api, "REST", code, time.perf_counter() - started)

    async def _call(
        self, request: Request, method: str, name: str, version: int | None, label: str | None, started: float
    ) -> bytes:
        with self._budget.share() as share:
            try:
                async with asyncio.timeout(self._timeout):
                    body = await receive(request, self._max_body, share)
            except TimeoutError:
                raise ServingError(grpc.StatusCode.DEADLINE_EXCEEDED, "the body did not arrive in time", 408) from None
            left = self._timeout - (time.perf_counter() - started)
            encoding = request.headers.get("content-encoding", "")
            work = self._predict if method == "predict" else self._on_examples
            asked = Asked(name, version, label, request.state.request_id)

            def answer() -> bytes:
                return work(method, asked, unpack(body, encoding, self._max_body, share))

            return await self._admission.run(answer, left)

    def _predict(self, _: str, asked: Asked, body: bytes) -> bytes:
        with self._manager.use(asked.name, asked.version, asked.label) as servable:
            check_size(body, self._max_body)
            request = JsonRequest.parse(body)
            if request.signature not in servable.signatures:
                raise ServingError.invalid(
                    f'Serving signature name: "{request.signature[:200]}" not found in signature def'
                )
            inputs = request.arrays(servable.signatures[request.signature].inputs)
            outputs = servable.run(request.signature, inputs)
            answer = write_predictions(outputs, request.form)
            fill = predict_filler(asked, servable, request.signature, inputs, outputs)
            self._requests.offer(servable, request.signature, lambda: len(body), asked.request_id, fill)
            return answer

    def _on_examples(self, method: str, asked: Asked, body: bytes) -> bytes:
        with self._manager.use(asked.name, asked.version, asked.label) as servable:
            check_size(body, self._max_body)
            request = read_examples(body, method)
            called, write = (
                (inference.classify, write_classes) if method == "classify" else (inference.regress, write_values)
            )
            response = called(servable, request)
            answer = write(response.result)
            fill = examples_filler(method, asked, request, response)
            signature = response.model_spec.signature_name
            self._requests.offer(servable, signature, lambda: len(body), asked.request_id, fill)
            return answer

    def _status(self, name: str, version: int | None, _: str | None) -> bytes:
        return _as_json(status_response(self._manager, name, version))

    def _metadata(self, name: str, version: int | None, label: str | None) -> bytes:
        with self._manager.use(name, version, label) as servable:
            spec = {"name": servable.name, "signature_name": "", "version": str(servable.version)}
            signatures = _as_json(inference.signature_map(servable)).decode()
        return f'{{"model_spec": {rapidjson.dumps(spec)}, "metadata": {{"signature_def": {signatures}}}}}'.encode()


def error_response(status: int, message: str) -> Response:
    """TensorFlow Serving's form of an error."""
    return Response(rapidjson.dumps({"error": message}), status, media_type="application/json")


def _which(match: re.Match[str]) -> tuple[str, int | None, str | None]:
    version = int(match["version"]) if match["version"] and len(match["version"]) < 20 else None
    if match["version"] and (version is None or version > _MAX_INT64):
        raise ServingError.invalid(f"Failed to convert version: {match['version'][:40]} to numeric.")
    return unquote(match["name"]), version, unquote(match["label"]) if match["label"] else None


def _as_json(message: Any) -> bytes:
    return json_format.MessageToJson(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    ).encode()


async def _not_found(_: Request) -> Response:
    return error_response(404, "Not Found")


async def _on_http_error(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return error_response(404 if status == 405 else status, str(getattr(error, "detail", error)))


async def _on_error(request: Request, error: Exception) -> Response:
    number = request.state.request_id
    _log.error("request %s failed: %r", number, error)
    return error_response(500, f"{type(error).__name__}: {error} (request {number})")
