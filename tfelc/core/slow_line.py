"""A line for a step that takes long, where nothing can be drawn that goes away again."""

from __future__ import annotations

import threading

from rich.console import Console

_SECONDS = 5.0


class SlowLine:
    """Says the name of a step once it has taken some seconds, as in the log of a job.

    Args:
        console: Console. Where to say it.
        seconds: float. After how long. Defaults to 5.
    """

    def __init__(self, console: Console, seconds: float = _SECONDS) -> None:
        self._console = console
        self._seconds = seconds
        self._timer: threading.Timer | None = None

    def show(self, text: str) -> None:
        """The step that begins now."""
        self.clear()
        self._timer = threading.Timer(self._seconds, self._say, [text])
        self._timer.daemon = True
        self._timer.start()

    def clear(self) -> None:
        """No step is under way any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _say(self, text: str) -> None:
        self._console.print(f"{text} ...", markup=False, highlight=False, soft_wrap=True)
