"""This process as one of the workers of a training."""

from __future__ import annotations

import signal
import threading

from tfelc.core.step_status import step_status
from tfelc.lifecycle.training.workers.cluster import Cluster
from tfelc.lifecycle.training.workers.end_with_launcher import end_with_launcher
from tfelc.lifecycle.training.workers.workers import Workers


def connect() -> Workers:
    """Who trains: this process alone, or the workers that `TF_CONFIG` names, once all of them have come.

    To be called before TensorFlow is used, and after it is imported.

    Raises:
        RunError: Not all of them came.
        UsageError: `TF_CONFIG` is malformed.
    """
    if (cluster := Cluster.from_environment()) is None:
        return Workers()
    end_with_launcher()
    # Imported here, since a training in one process has no use for it.
    from tfelc.lifecycle.training.workers.connected_workers import ConnectedWorkers

    with step_status(first="waiting for the other workers"):
        workers = ConnectedWorkers(cluster)
    # TensorFlow takes the signal for the notice of a preemption, which nobody here waits for.
    if threading.current_thread() is threading.main_thread() and (handler := signal.getsignal(signal.SIGTERM)):
        signal.signal(signal.SIGTERM, handler)
    return workers
