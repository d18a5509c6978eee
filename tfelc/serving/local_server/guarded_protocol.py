"""An HTTP connection that must say what it wants, before long and in few words."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from tfelc.serving.local_server.request_head import END, without_upgrade

HEADER_SECONDS = 20.0
LINGER_SECONDS = 1.0
HEADER_BYTES = 64 * 2**10


class GuardedProtocol(HttpToolsProtocol):
    """Bounds what uvicorn leaves open: the time and the size of a request's head, and the number of connections.

    A connection whose first byte or whose headers take too long is closed, as slow-loris clients' are. An offer to
    go on in HTTP/2, which Java's client makes by default, is passed over, and the request is answered in HTTP/1.1.
    A connection of HTTP/1.0 is kept alive where the client asks for it.

    Args:
        max_connections: Connections at a time; one more is answered with 503 and closed.
        settings: What uvicorn hands to a protocol.
    """

    _patience: asyncio.TimerHandle | None = None

    def __init__(self, *, max_connections: int, **settings: Any) -> None:
        super().__init__(**settings)
        self._max_connections = max_connections
        self._head = bytearray()
        # Between requests heads are collected here; one that begins behind a body, in the same bytes, is the parser's.
        self._between = True
        self._parsing_head = False
        self._unparsed = self._parsed = 0
        self._refused = False

    def connection_made(self, transport: Any) -> None:
        """Starts the clock."""
        super().connection_made(transport)
        if len(self.connections) > self._max_connections:
            self._refuse(503, f"{self._max_connections} connections are open; try again later")
            return
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Hands the bytes on once the head that they belong to is whole."""
        self._unset_keepalive_if_required()
        if self._refused:
            return
        if not self._between:
            self._feed(data)
            return
        if self._patience is None:
            self._wait()
        start = max(len(self._head) - 3, 0)
        self._head += data
        end = END.search(self._head, start)
        if (end.end() if end else len(self._head)) > HEADER_BYTES:
            self._refuse_head()
        elif end or not self._head[:1].isalpha():
            # What begins with anything but a letter is not HTTP, or an empty line before it: the parser knows.
            size = end.end() if end else len(self._head)
            head, rest = bytes(self._head[:size]), bytes(self._head[size:])
            self._head.clear()
            self._feed(without_upgrade(head) + rest)

    def on_message_begin(self) -> None:
        """A request begins on a connection kept alive: its headers get the same time."""
        super().on_message_begin()
        self._between, self._parsing_head = False, True
        self._unparsed = self._parsed = 0
        if self._patience is None:
            self._wait()

    def on_url(self, url: bytes) -> None:
        """Counts."""
        self._parsed += len(url)
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Counts."""
        self._parsed += len(name) + len(value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The headers are here; the body is the application's concern."""
        self._stop()
        self._parsing_head = False
        if self._parsed > HEADER_BYTES:
            self._refuse_head()
        if self._refused:
            return
        super().on_headers_complete()
        if self.scope.get("http_version") == "1.0" and self.parser.should_keep_alive():
            self.cycle.keep_alive = True

    def on_body(self, body: bytes) -> None:
        """Passes a part of the body on."""
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """The next bytes begin another head."""
        self._between = True
        if not self._refused:
            super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the clock."""
        self._stop()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Answers what is not HTTP in the form of all errors."""
        self._refuse(400, msg)

    def _feed(self, data: bytes) -> None:
        before = self._parsing_head
        super().data_received(data)
        # The parser's callbacks see a header once it is whole, and this one may never be.
        if before and self._parsing_head and not self._refused:
            self._unparsed += len(data)
            if self._unparsed > HEADER_BYTES:
                self._refuse_head()

    def _refuse_head(self) -> None:
        self._refuse(431, f"the request line and the headers are larger than {HEADER_BYTES} bytes")

    def _refuse(self, status: int, message: str) -> None:
        self._refused = True
        self._stop()
        self._head.clear()
        body = json.dumps({"error": message}).encode()
        head = f"content-type: application/json\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
        self.transport.write(STATUS_LINE[status] + head + body)
        # To close with bytes unread would reset the connection and may lose the answer: what still comes is dropped.
        self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _wait(self) -> None:
        self._patience = self.loop.call_later(HEADER_SECONDS, self.transport.close)

    def _stop(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
