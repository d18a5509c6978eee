"""What a command that is stopped from outside does: it cleans up, and says what to do next."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

# Signal -> exit code, and what happened in a word.
_ENDS = {signal.SIGINT: (130, "interrupted"), signal.SIGTERM: (143, "terminated")}


class Interruption(KeyboardInterrupt):
    """Ctrl-C or SIGTERM; what is open is closed, and what is half-written is removed, as it passes."""


class _State:
    number: int | None = None
    advice = ""


def advise(advice: str) -> None:
    """Says what the user can do after a command was stopped, such as the call that goes on with it.

    Args:
        advice: str. A clause for the one line that a command ends with when it is stopped.
    """
    _State.advice = advice


@contextmanager
def caught_signals() -> Iterator[None]:
    """Makes Ctrl-C and SIGTERM raise `Interruption` in the main thread, once; a second one ends the process at once.

    What an earlier command has said by `advise` is forgotten. Nothing is done in another thread than the main one.
    """
    _State.number, _State.advice = None, ""
    former = {}
    if threading.current_thread() is threading.main_thread():
        # A shell may have told its child to ignore them.
        former = {each: now for each in _ENDS if (now := signal.getsignal(each)) is not signal.SIG_IGN}
    for number in former:
        signal.signal(number, _raise)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def end_of_interruption() -> tuple[str, int]:
    """The line for the user and the exit code."""
    code, word = _ENDS[signal.Signals(_State.number or signal.SIGINT)]
    return f"{word}; {_State.advice}" if _State.advice else word, code


def _raise(number: int, frame: FrameType | None) -> None:
    _State.number = number
    for each in _ENDS:
        signal.signal(each, _end_at_once)
    raise Interruption


def _end_at_once(number: int, frame: FrameType | None) -> None:
    os._exit(_ENDS[signal.Signals(number)][0])
