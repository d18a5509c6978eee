"""The first part of an HTTP request, up to the empty line, made fit for a parser of HTTP/1.1."""

from __future__ import annotations

import re

END = re.compile(rb"\r?\n\r?\n")
# What an offer to go on in HTTP/2 adds. A server may ignore the offer (RFC 9110, 7.8) but not the request, whose body
# the parser would take for the other protocol's.
_OFFERS = (b"upgrade", b"http2-settings")


def without_upgrade(head: bytes) -> bytes:
    """The head without an offer of another protocol; anything else stays as it was sent.

    Args:
        head: Request line and headers, with the empty line that ends them.
    """
    if b"upgrade" not in head.lower():
        return head
    kept = []
    for line in head.split(b"\r\n"):
        name, colon, value = line.partition(b":")
        if colon and name.lower() in _OFFERS:
            continue
        if colon and name.lower() == b"connection":
            tokens = [token for token in value.split(b",") if token.strip().lower() not in _OFFERS]
            if not tokens:
                continue
            line = name + b":" + b",".join(tokens)
        kept.append(line)
    return b"\r\n".join(kept)
