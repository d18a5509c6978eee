"""A client of the REST API."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpcore
import numpy as np

from tfelc.serving.client.call_error import CallError
from tfelc.serving.client.client import Array, Client, Token, Which
from tfelc.serving.client.connections import connections
from tfelc.serving.client.deadline import Deadline
from tfelc.serving.client.deadline_backend import DeadlineBackend
from tfelc.serving.client.outputs import from_json
from tfelc.serving.client.signature import Signature, Signatures, Tensor
from tfelc.serving.client.tls import Tls

_CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    413: "RESOURCE_EXHAUSTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    500: "INTERNAL",
    501: "UNIMPLEMENTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class RestClient(Client):
    """Calls a model by columns, on a pool of connections kept alive; see `Client` for what both clients do.

    The proxy that `HTTP_PROXY` or `HTTPS_PROXY` names is used, but never for the loopback.

    Args:
        address: As in `http://127.0.0.1:8501` or `https://ranker.example`.
        model: The model's name. Defaults to `ranker`.
        timeout: Seconds for a call, all its attempts together. Defaults to 5.
        tls: Certificates, for an `https` address. Defaults to the system's.
        token: A bearer token, or a function that gives it. Defaults to none.
        headers: Sent with each request. Defaults to none.

    Example:
        >>> with RestClient("http://127.0.0.1:8501", "ranker") as client:  # doctest: +SKIP
        ...     client.rank(user={"age": 31.0}, items={"video_id": ["v1", "v2"]})["ctr"]
    """

    def __init__(
        self,
        address: str,
        model: str = "ranker",
        timeout: float = 5.0,
        *,
        tls: Tls | None = None,
        token: Token | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(model, timeout, token, headers)
        self._base = f"{address.rstrip('/')}/v1/models/{quote(model, safe='')}"
        self._backend = DeadlineBackend()
        self._pool = connections(address, tls, self._backend)

    def close(self) -> None:
        """Closes the connections."""
        self._pool.close()

    def _ask(
        self, which: Which, name: str, signature: Signature, arrays: Mapping[str, Array], deadline: Deadline
    ) -> dict[str, Array]:
        columns = {key: _plain(array) for key, array in arrays.items()}
        body = json.dumps({"signature_name": name, "inputs": columns}).encode()
        outputs = self._call("POST", f"{_path(which)}:predict", body, deadline)["outputs"]
        if len(signature.outputs) == 1:
            outputs = {next(iter(signature.outputs)): outputs}
        return {key: from_json(key, values, signature.outputs[key]) for key, values in outputs.items()}

    def _ask_status(self, deadline: Deadline) -> dict[int, str]:
        listed = self._call("GET", "", None, deadline)["model_version_status"]
        return {int(entry["version"]): entry["state"] for entry in listed}

    def _ask_signatures(self, which: Which, deadline: Deadline) -> Signatures:
        listed = self._call("GET", f"{_path(which)}/metadata", None, deadline)["metadata"]["signature_def"]
        return {
            name: Signature(_tensors(definition.get("inputs", {})), _tensors(definition.get("outputs", {})))
            for name, definition in listed["signature_def"].items()
        }

    def _call(self, method: str, path: str, body: bytes | None, deadline: Deadline) -> Any:
        headers = list(self._headers(deadline).items()) + ([("content-type", "application/json")] if body else [])
        # Waiting for a connection of the pool is the one thing that no socket does.
        limits = {"timeout": {"pool": max(deadline.left(), 0.001)}}
        try:
            with self._backend.until(deadline):
                answer = self._pool.request(method, self._base + path, headers=headers, content=body, extensions=limits)
        except httpcore.TimeoutException:
            raise CallError("DEADLINE_EXCEEDED", f"{self._base} did not answer in time") from None
        except (httpcore.NetworkError, httpcore.RemoteProtocolError, httpcore.ProxyError) as error:
            raise CallError("UNAVAILABLE", f"{self._base}: {error}") from None
        return _content(answer)


def _content(answer: httpcore.Response) -> Any:
    text = answer.content.decode("utf-8", errors="replace")
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if answer.status == 200 and isinstance(content, dict):
        return content
    said = content.get("error", "") if isinstance(content, dict) else text[:200] or f"HTTP status {answer.status}"
    code = _CODES.get(answer.status, "UNKNOWN") if answer.status != 200 else "INTERNAL"
    raise CallError(code, str(said))


def _path(which: Which) -> str:
    if which.version is not None:
        return f"/versions/{which.version}"
    return f"/labels/{quote(which.label, safe='')}" if which.label is not None else ""


def _tensors(infos: Mapping[str, Any]) -> dict[str, Tensor]:
    found = {}
    for name, info in infos.items():
        shape = info.get("tensor_shape", {})
        sizes = [int(dim.get("size", 0)) for dim in shape.get("dim", [])]
        found[name] = Tensor.of(info["dtype"], None if shape.get("unknown_rank") else sizes)
    return found


def _plain(array: Array) -> Any:
    return array.tolist() if array.dtype != np.dtype(object) else _encoded(array.tolist())


def _encoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_encoded(each) for each in value]
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    return value
