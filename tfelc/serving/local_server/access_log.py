"""One line of JSON for a request, on standard error."""

from __future__ import annotations

import json
import logging
import random
import re
import time
import uuid

_log = logging.getLogger("tfelc.serving.access")
_GIVEN = re.compile(r"[\w.:-]{1,64}", re.ASCII)


class AccessLog:
    """Writes a share of the requests, and all that failed through the server's fault.

    Args:
        share: The share, from 0 (nothing at all is written) to 1.
    """

    def __init__(self, share: float) -> None:
        self._share = share
        if share and not _log.handlers:
            handler = logging.StreamHandler()
            handler.setFormatter(logging.Formatter("%(message)s"))
            _log.addHandler(handler)
            _log.propagate = False
            _log.setLevel(logging.INFO)

    def write(self, request_id: str, protocol: str, what: str, status: str, seconds: float, failed: bool) -> None:
        """Writes one request, or not.

        Args:
            request_id: Its id.
            protocol: `REST` or `gRPC`.
            what: Method and path, or the name of the call and the model.
            status: The HTTP or the canonical code.
            seconds: How long it took.
            failed: Whether the server is at fault.
        """
        if self._share and (failed or random.random() < self._share):
            now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
            entry = {"time": now, "id": request_id, "protocol": protocol, "request": what[:500], "status": status}
            _log.info("%s", json.dumps({**entry, "seconds": round(seconds, 6)}))


def request_id(given: str | None) -> str:
    """The id that a client gave, where it is one, else a new one."""
    return given if given and _GIVEN.fullmatch(given) else uuid.uuid4().hex
