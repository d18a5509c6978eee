"""A worker that does not outlive the command that started it."""

from __future__ import annotations

import os
import threading

LAUNCHED = "TFELC_LAUNCHED"
"""The variable that says to a worker that its standard input ends with the process that started it."""


def end_with_launcher() -> None:
    """Ends this process when that which launched it has ended, however it did; nothing where none did."""
    if os.environ.get(LAUNCHED):
        threading.Thread(target=_wait, daemon=True).start()


def _wait() -> None:
    # Not by Python's `sys.stdin`, whose lock would be held at the end of the process.
    while os.read(0, 1024):
        pass
    os._exit(1)
