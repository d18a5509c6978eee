"""Which names a request may call this server by."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable


class HostNames:
    """The server's own names.

    A web page of a stranger can make its own name point at the loopback, and a browser then sends requests here, with
    that name as `Host` (DNS rebinding). An address cannot be pointed elsewhere, so addresses are always taken, as is
    `localhost`; any other name must be given.

    Args:
        names: The names beside them.

    Example:
        >>> names = HostNames(["ranker.internal"])
        >>> [names.allow(host) for host in ("localhost:8501", "[::1]:8501", "ranker.internal", "evil.example")]
        [True, True, True, False]
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = {"localhost", *(name.lower().rstrip(".") for name in names)}

    def allow(self, host: str) -> bool:
        """Whether a `Host` header is one of the names; an empty one, as of HTTP/1.0, is."""
        name = host.strip().lower()
        name = name[1:].partition("]")[0] if name.startswith("[") else name.rpartition(":")[0] or name
        name = name.rstrip(".")
        return not name or name in self._names or _is_address(name)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
