"""The REST client's pool of connections, straight to the server or through a proxy."""

from __future__ import annotations

import ipaddress
import urllib.request
from typing import Any
from urllib.parse import unquote, urlsplit

import httpcore

from tfelc.serving.client.deadline_backend import DeadlineBackend
from tfelc.serving.client.tls import Tls

_CONNECTIONS = 100
_KEPT, _KEPT_SECONDS = 20, 30.0


def connections(address: str, tls: Tls | None, backend: DeadlineBackend) -> httpcore.ConnectionPool:
    """A pool of at most 100 connections, of which 20 are kept for half a minute.

    Args:
        address: The server's address; the proxy that the environment names for it is used, but none for the loopback.
        tls: Certificates. Defaults to the system's.
        backend: The sockets.
    """
    settings: dict[str, Any] = {
        "ssl_context": (tls or Tls()).context() if address.startswith("https") else None,
        "max_connections": _CONNECTIONS,
        "max_keepalive_connections": _KEPT,
        "keepalive_expiry": _KEPT_SECONDS,
        "network_backend": backend,
    }
    proxy = _proxy_of(address)
    if proxy is None:
        return httpcore.ConnectionPool(**settings)
    parts = urlsplit(proxy)
    user = (unquote(parts.username), unquote(parts.password or "")) if parts.username else None
    place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    return httpcore.HTTPProxy(place, proxy_auth=user, **settings)


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _proxy_of(address: str) -> str | None:
    parts = urlsplit(address)
    host = parts.hostname or ""
    if is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    proxy = urllib.request.getproxies().get(parts.scheme)
    return proxy if proxy and proxy.startswith(("http://", "https://")) else None
