"""How many threads TensorFlow computes an operation with, on which the last bits of its results depend."""

from __future__ import annotations

import os
import sys

_VARIABLE = "TF_NUM_INTRAOP_THREADS"


def intra_op_threads() -> int:
    """Threads of one operation: what TensorFlow was told, by its configuration or its environment, or one a core."""
    tensorflow = sys.modules.get("tensorflow")
    chosen = tensorflow.config.threading.get_intra_op_parallelism_threads() if tensorflow else 0
    told = os.environ.get(_VARIABLE, "")
    # Not on macOS.
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return chosen or (int(told) if told.isdigit() else 0) or cores


def threads_warning(begun_with: int | None) -> str | None:
    """What to say to a training that was begun with another number; None where it was not, or nothing is known."""
    threads = intra_op_threads()
    if begun_with in (None, threads):
        return None
    return (
        f"the run was begun with {begun_with} threads and goes on with {threads}: sums are taken in another order, so "
        "that its weights will differ, in the last digits, from those of a training that was never stopped; set "
        f"{_VARIABLE}={begun_with} for the same bits"
    )
