"""Errors of tfelc, carried from a Spark worker to the driver, where one line is told of them."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from tfelc.core import errors
from tfelc.core.errors import ScoringError, TfelcError

_BEGIN, _END = "<tfelc-error>", "</tfelc-error>"
_CARRIED = re.compile(re.escape(_BEGIN) + r"(\{.*?\})" + re.escape(_END), re.DOTALL)
_LAST_WORDS = re.compile(r"^(?:[\w.]+\.)?(\w*(?:Error|Exception|Exit|Interrupt): .+)$", re.MULTILINE)


class CarriedError(RuntimeError):
    """An error as Spark takes it along: it hands on no more than an exception's text."""


@contextmanager
def carrying() -> Iterator[None]:
    """Makes errors of tfelc such that `carried_error` finds them again; for a worker."""
    try:
        yield
    except TfelcError as error:
        message = f"on worker {socket.gethostname()}: {' '.join(str(error).split())}"
        said = {"kind": type(error).__name__, "message": message}
        raise CarriedError(f"{_BEGIN}{json.dumps(said)}{_END}") from None


def carried_error(error: Exception) -> TfelcError:
    """What a failed Spark job says, in one line.

    Args:
        error: What Spark raised on the driver: many lines of Python and of Java.

    Returns:
        The worker's own error where it is one of tfelc's; else a ScoringError with the last words of what failed.
    """
    text = str(error)
    if (found := _CARRIED.search(text)) is not None:
        said = json.loads(found[1])
        # A worker's machine may lack what this one has; so the call is not at fault, and the job can go on.
        kind = getattr(errors, said["kind"])
        return (ScoringError if issubclass(kind, errors.UsageError) else kind)(said["message"])
    if "No module named 'tfelc" in text:
        return ScoringError("a worker's Python lacks tfelc, or has another version; install it there")
    words = _LAST_WORDS.findall(text)
    told = words[-1] if words else next((line for line in text.splitlines() if line.strip()), type(error).__name__)
    return ScoringError(f"Spark: {' '.join(told.split())}")
