"""The requests that TensorFlow Serving runs before a version takes others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tfelc.lifecycle.export.request_log import LoggedRequest, write_requests

WARMUP_FILE = Path("assets.extra", "tf_serving_warmup_requests")
# TensorFlow Serving refuses to load a version with more.
MOST_RECORDS = 1000


def write_warmup(version: Path, requests: Sequence[LoggedRequest]) -> Path:
    """Writes a version's warm-up file and returns its path.

    The first call of a signature and its first call with several rows are each slow, so every signature should come
    with one row and with many. A failing record makes the version fail to load; `verify` runs
    them all.

    Args:
        version: Path. The version's folder.
        requests: Sequence of LoggedRequest. Their answers are left out.

    Raises:
        ValueError: There are more than 1,000.
    """
    if len(requests) > MOST_RECORDS:
        raise ValueError(f"TensorFlow Serving takes {MOST_RECORDS} warm-up records at most. Received: {len(requests)}")
    path = version / WARMUP_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    write_requests(path, [LoggedRequest(request.signature, request.inputs) for request in requests])
    return path
