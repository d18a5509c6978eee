"""A client of the REST API."""

from __future__ import annotations

import base64
import json
import random
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
import numpy as np

from tfelc.serving.client.call_error import CallError
from tfelc.serving.client.client import Array, Client
from tfelc.serving.client.inputs import Values, to_arrays

_CODES = {
    400: "INVALID_ARGUMENT",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    413: "RESOURCE_EXHAUSTED",
    429: "RESOURCE_EXHAUSTED",
    499: "CANCELLED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0


class RestClient(Client):
    """Calls a model by columns, on connections kept alive, and tries again where the server was not to be had.

    One client may be used by several threads.

    Args:
        address: As in `http://127.0.0.1:8501`.
        model: The model's name.
        timeout: Seconds for a call, all its attempts together. Defaults to 5.
        attempts: Attempts at a call that ends in 503 or finds no connection. Defaults to 4.

    Example:
        >>> with RestClient("http://127.0.0.1:8501", "ranker") as client:  # doctest: +SKIP
        ...     client.rank(user={"age": 31.0}, items={"video_id": ["v1", "v2"]})["ctr"]
    """

    def __init__(self, address: str, model: str = "ranker", timeout: float = 5.0, attempts: int = 4) -> None:
        self._base = f"{address.rstrip('/')}/v1/models/{quote(model, safe='')}"
        self._timeout = timeout
        self._attempts = attempts
        self._http = httpx.Client()

    def predict(
        self,
        inputs: Values,
        signature: str = "serving_default",
        version: int | None = None,
        label: str | None = None,
        timeout: float | None = None,
    ) -> dict[str, Array]:
        """Calls a signature as `Client` says; a signature with one output answers under the name `outputs`."""
        columns = {name: _plain(array) for name, array in to_arrays(inputs).items()}
        body = json.dumps({"signature_name": signature, "inputs": columns}).encode()
        outputs = self._call("POST", f"{_which(version, label)}:predict", body, timeout)["outputs"]
        if not isinstance(outputs, Mapping):
            return {"outputs": _from_json(outputs)}
        return {name: _from_json(values) for name, values in outputs.items()}

    def status(self, timeout: float | None = None) -> dict[int, str]:
        """The model's versions and their states, as in `{3: "AVAILABLE"}`."""
        listed = self._call("GET", "", None, timeout)["model_version_status"]
        return {int(entry["version"]): entry["state"] for entry in listed}

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def _id_type(self, version: int | None, label: str | None, timeout: float | None) -> type:
        # Of an empty list JSON does not say what it would hold.
        return str

    def _call(self, method: str, path: str, body: bytes | None, timeout: float | None) -> Any:
        deadline = time.monotonic() + (self._timeout if timeout is None else timeout)
        pause = _FIRST_PAUSE
        for left in reversed(range(self._attempts)):
            try:
                return self._attempt(method, path, body, deadline)
            except CallError as error:
                # Half to all of the pause at random, or clients that failed together would come back together.
                wait = pause * random.uniform(0.5, 1.0)
                if error.code != "UNAVAILABLE" or not left or time.monotonic() + wait >= deadline:
                    raise
                time.sleep(wait)
                pause = min(2 * pause, _LONGEST_PAUSE)
        raise AssertionError("a client makes at least one attempt")

    def _attempt(self, method: str, path: str, body: bytes | None, deadline: float) -> Any:
        try:
            seconds = max(deadline - time.monotonic(), 0.001)
            answer = self._http.request(method, self._base + path, content=body, timeout=seconds)
        except httpx.TimeoutException:
            raise CallError("DEADLINE_EXCEEDED", f"{self._base} did not answer in time") from None
        except httpx.TransportError as error:
            raise CallError("UNAVAILABLE", f"{self._base}: {error}") from None
        try:
            content = json.loads(answer.content)
        except ValueError:
            content = {"error": answer.text[:200] or answer.reason_phrase}
        if answer.status_code != 200:
            message = content.get("error", "") if isinstance(content, dict) else answer.text[:200]
            raise CallError(_CODES.get(answer.status_code, "UNKNOWN"), str(message))
        return content


def _which(version: int | None, label: str | None) -> str:
    if version is not None and label is not None:
        raise ValueError("give a version or a label, not both")
    if version is not None:
        return f"/versions/{version}"
    return f"/labels/{quote(label, safe='')}" if label is not None else ""


def _plain(array: Array) -> Any:
    return array.tolist() if array.dtype != object else _encoded(array.tolist())


def _encoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_encoded(each) for each in value]
    if isinstance(value, bytes):
        return {"b64": base64.b64encode(value).decode()}
    return value


def _from_json(values: Any) -> Array:
    array = np.asarray(values)
    return array.astype(object) if array.dtype.kind == "U" else array
