"""What the server counts, under the names that TensorFlow Serving's own dashboards read."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from threading import Lock

import prometheus_client
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import Metric
from prometheus_client.process_collector import ProcessCollector

from tfelc.serving.local_server.admission import Admission
from tfelc.serving.local_server.body_budget import BodyBudget
from tfelc.serving.local_server.model_manager import ModelManager
from tfelc.serving.local_server.request_logging.request_log import RequestLog

_PREFIX = ":tensorflow:serving:"
_BUCKETS = tuple(10 * 1.8**power for power in range(20))
_RECENT = 2000


class Metrics:
    """Counts and latencies of requests, and the states of versions.

    Args:
        manager: Whose versions are shown.
        admission: Whose queue is shown.
        budget: Whose bytes are shown.
        requests: Whose records are shown.
    """

    def __init__(self, manager: ModelManager, admission: Admission, budget: BodyBudget, requests: RequestLog) -> None:
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self._manager = manager
        self._admission = admission
        self._budget = budget
        self._requests = requests
        self._lock = Lock()
        self._counts: dict[tuple[str, str], int] = {}
        self._recent: deque[tuple[float, float]] = deque(maxlen=_RECENT)
        self.registry = CollectorRegistry()
        self._latency = Histogram(
            f"{_PREFIX}request_latency",
            "Wall time of a request in microseconds.",
            ["model_name", "API", "entrypoint"],
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self.registry.register(self)
        ProcessCollector(registry=self.registry)

    def observe(self, model: str, api: str, entrypoint: str, status: str, seconds: float) -> None:
        """Counts one request."""
        # A client chooses the name in its request: unknown ones share a label, or they would fill the memory.
        name = model if model in self._manager.models else "unknown"
        self._latency.labels(name, api, entrypoint).observe(seconds * 1e6)
        with self._lock:
            self._counts[name, status] = self._counts.get((name, status), 0) + 1
            self._recent.append((time.time(), seconds))

    def recent(self) -> list[tuple[float, float]]:
        """Time and duration, in seconds, of the last requests, the oldest first."""
        with self._lock:
            return list(self._recent)

    def page(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self.registry)

    def collect(self) -> Iterator[Metric]:
        """Yields what is not kept as a Prometheus object."""
        # Not a `Counter`, which would add `_total` to a name that the real server writes without.
        requests = Metric(f"{_PREFIX}request_count", "Requests by model and status.", "unknown")
        with self._lock:
            counts = dict(self._counts)
        for (model, status), count in sorted(counts.items()):
            requests.add_sample(f"{_PREFIX}request_count", {"model_name": model, "status": status}, count)
        yield requests
        admitted = Metric("local_server_admitted_requests", "Requests at work or waiting.", "gauge")
        admitted.add_sample("local_server_admitted_requests", {}, self._admission.admitted)
        yield admitted
        bodies = Metric("local_server_body_bytes", "Bytes of bodies in memory, those still arriving included.", "gauge")
        bodies.add_sample(bodies.name, {}, self._budget.held)
        yield bodies
        logged = Metric("local_server_request_log_records", "Sampled requests, logged or dropped.", "unknown")
        for (model, outcome), count in sorted(self._requests.counts().items()):
            logged.add_sample(logged.name, {"model_name": model, "outcome": outcome}, count)
        yield logged
        looked = Metric("local_server_last_look_timestamp_seconds", "When a base folder was last read.", "gauge")
        failed = Metric("local_server_failed_looks", "Looks at a base folder that failed.", "unknown")
        for name, served in self._manager.models.items():
            looked.add_sample(looked.name, {"model_name": name}, served.last_look)
            failed.add_sample(failed.name, {"model_name": name}, served.failed_looks)
        yield looked
        yield failed
        available = Metric("local_server_version_available", "1 for a version that answers, else 0.", "gauge")
        for name, served in self._manager.models.items():
            if not served.known:
                continue
            for version, stand in served.statuses().items():
                labels = {"model_name": name, "version": str(version)}
                available.add_sample(available.name, labels, float(stand.state == "AVAILABLE"))
        yield available
