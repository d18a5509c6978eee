"""What every REST request passes before the API."""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tfelc.serving.local_server.access_log import AccessLog, request_id
from tfelc.serving.local_server.host_names import HostNames

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Front:
    """Gives each request an id, refuses foreign host names, and writes the access log.

    Args:
        app: What answers.
        names: The server's names.
        log: The access log.
    """

    def __init__(self, app: App, names: HostNames, log: AccessLog) -> None:
        self._app = app
        self._names = names
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request, as ASGI has it."""
        started = time.perf_counter()
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        number = request_id(headers.get(b"x-request-id"))
        scope["state"]["request_id"] = number
        status = 500
        added = [(b"x-request-id", number.encode())]
        if scope["http_version"] == "1.0" and headers.get(b"connection", "").lower() == "keep-alive":
            added.append((b"connection", b"keep-alive"))

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        try:
            host = headers.get(b"host", "")
            if self._names.allow(host):
                await self._app(scope, receive, answer)
            else:
                await _refuse_host(host, answer)
        finally:
            what = f"{scope['method']} {scope['path']}"
            self._log.write(number, "REST", what, str(status), time.perf_counter() - started, status >= 500)


async def _refuse_host(host: str, send: Send) -> None:
    message = f"the name {host[:100]} is not one of this server's; start it with --allowed-host to add one"
    body = json.dumps({"error": message}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
