"""The body of a request: received, and unpacked where it came as gzip, within bounds."""

from __future__ import annotations

import zlib

import grpc
from starlette.requests import Request

from tfelc.serving.local_server.body_budget import BodyShare
from tfelc.serving.local_server.serving_error import ServingError

_CHUNK = 2**20


async def receive(request: Request, max_body: int, share: BodyShare) -> bytes:
    """Reads the body as it was sent.

    Args:
        request: The request.
        max_body: Bytes at most.
        share: Where each part that arrives is counted.

    Raises:
        ServingError: RESOURCE_EXHAUSTED, for a body that is too large (413) or beyond the budget of all (429).
    """
    declared = request.headers.get("content-length", "0")
    if declared.isdigit() and int(declared) > max_body:
        raise _too_large(max_body)
    body = bytearray()
    async for chunk in request.stream():
        if len(body) + len(chunk) > max_body:
            raise _too_large(max_body)
        share.take(len(chunk))
        body += chunk
    return bytes(body)


def unpack(body: bytes, encoding: str, max_body: int, share: BodyShare) -> bytes:
    """The content of a body.

    Args:
        body: The body as it was sent.
        encoding: The header Content-Encoding.
        max_body: Bytes of the content at most.
        share: Where the content is counted.

    Raises:
        ServingError: The encoding is not gzip (415), the body not of it (400), or its content too large (413, 429).
    """
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip"):
        message = f"the content encoding {encoding[:40]} is not known; send gzip, or the body as it is"
        raise ServingError(grpc.StatusCode.INVALID_ARGUMENT, message, 415)
    content = bytearray()
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        while not unpacker.eof and body:
            piece = unpacker.decompress(body, _CHUNK)
            body = unpacker.unconsumed_tail
            if len(content) + len(piece) > max_body:
                raise _too_large(max_body)
            share.take(len(piece))
            content += piece
    except zlib.error as error:
        raise ServingError.invalid(f"the body is not gzip, as its Content-Encoding says: {error}") from None
    if not unpacker.eof:
        raise ServingError.invalid("the body ends before its gzip content does")
    return bytes(content)


def _too_large(max_body: int) -> ServingError:
    return ServingError(grpc.StatusCode.RESOURCE_EXHAUSTED, f"the body is larger than {max_body} bytes", 413)
