"""Connections that do not say what they want."""

import asyncio
import time
from functools import partial

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tfelc.serving.local_server import guarded_protocol
from tfelc.serving.local_server.guarded_protocol import GuardedProtocol


async def answer(_):
    return PlainTextResponse("here")


async def reply_to(port, *pieces, pause=0.0):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    started = time.monotonic()
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(pause)
    try:
        text = await asyncio.wait_for(reader.read(), 5)
    except ConnectionError:  # hung up on while still writing
        text = b""
    writer.close()
    return text, time.monotonic() - started


async def scene(*calls):
    config = uvicorn.Config(
        Starlette(routes=[Route("/", answer)]),
        port=0,
        http=partial(GuardedProtocol, max_connections=10),
        lifespan="off",
        log_level="error",
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        return [await reply_to(port, *pieces, pause=pause) for pieces, pause in calls]
    finally:
        server.should_exit = True
        await task


@pytest.fixture(autouse=True)
def short_patience(monkeypatch):
    monkeypatch.setattr(guarded_protocol, "HEADER_SECONDS", 0.3)


def test_silent_and_slow_clients_are_hung_up_on_and_quick_ones_answered():
    whole = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    silent, slow, quick = asyncio.run(
        scene(
            ((), 0.0),
            ([b"GET / HTTP/1.1\r\n", *[b"X: y\r\n"] * 20], 0.05),
            ([whole[:10], whole[10:]], 0.05),
        )
    )
    assert silent[0] == b"" and 0.2 < silent[1] < 2
    assert slow[0] == b""
    assert quick[0].endswith(b"here")


def test_the_second_request_of_a_connection_is_watched_too():
    first = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
    [(text, seconds)] = asyncio.run(scene(([first, b"GET / HTTP/1.1\r\n"], 0.05)))
    assert text.endswith(b"here")
    assert seconds < 2
