"""The moment until which a call may take."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from tfelc.serving.client.call_error import CallError

T = TypeVar("T")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0
# A certificate that is not trusted will not be trusted a second later.
_HOPELESS = "CERTIFICATE_VERIFY_FAILED"


class Deadline:
    """Seconds from now on.

    Args:
        seconds: How many.
        request_id: The id of the call that it bounds. Defaults to None: the server gives it one.

    Attributes:
        request_id: The same.
    """

    def __init__(self, seconds: float, request_id: str | None = None) -> None:
        self._seconds = seconds
        self.request_id = request_id
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds that are left; 0 or less when it has passed."""
        return self._end - time.monotonic()

    def retry(self, attempt: Callable[[], T]) -> T:
        """Tries until the server is to be had or the time is up.

        Pauses begin at 0.05 s and double up to 1 s; each is cut by half at most, at random, or clients that failed
        together would come back together.

        Args:
            attempt: One attempt. After a CallError with the code UNAVAILABLE there is another one, and after no other
                code: a server that is there has its reasons.

        Raises:
            CallError: The last attempt's.
        """
        pause, attempts = _FIRST_PAUSE, 0
        while True:
            attempts += 1
            try:
                return attempt()
            except CallError as error:
                if error.code != "UNAVAILABLE" or _HOPELESS in error.message:
                    raise
                wait = pause * random.uniform(0.5, 1.0)
                if wait >= self.left():
                    tried = f"{attempts} attempts in {self._seconds:g} s" if attempts > 1 else "1 attempt"
                    raise CallError(error.code, f"{error.message} ({tried})") from None
                time.sleep(wait)
                pause = min(2 * pause, _LONGEST_PAUSE)
