"""How much more a request may become in memory than it was on the wire."""

from __future__ import annotations

from tfelc.serving.local_server.serving_error import ServingError

# The one budget of a request, all its inputs together: a sixteenth of what a body may have, in bytes of what the last
# value of a tensor fills, or in lists and objects of a JSON document.
_SHARE = 16
_STRING = 24  # bytes of an empty string in a session's tensor
_OBJECT = 8  # bytes of a reference in an array of Python's


class Expansion:
    """What one gRPC request may still fill.

    A tensor may name a shape and give a single value, which then fills it: a few bytes could claim all memory.

    Args:
        max_body: Bytes of a request at most.
    """

    def __init__(self, max_body: int) -> None:
        self._limit = self._left = allowance(max_body)

    def take(self, name: str, count: int, item: int, strings: bool) -> None:
        """Counts what an input fills.

        Args:
            name: The input.
            count: Its values.
            item: Bytes of one of them.
            strings: Whether they are strings.

        Raises:
            ServingError: INVALID_ARGUMENT, when it is too much together with the inputs before.
        """
        self._left -= count * (_STRING + _OBJECT if strings else item)
        if self._left < 0:
            raise ServingError.invalid(
                f"Input {name}: one value is to fill {count} elements; all inputs together may fill {self._limit} bytes"
            )


def check_size(body: bytes, max_body: int) -> None:
    """Refuses a JSON body that would become more lists and objects than a request may hold.

    Args:
        body: The body.
        max_body: Bytes of a body at most.

    Raises:
        ServingError: INVALID_ARGUMENT. Brackets inside strings count as well.
    """
    limit = allowance(max_body)
    if len(body) > limit and (found := body.count(b"[") + body.count(b"{")) > limit:
        raise ServingError.invalid(f"the body holds {found} lists and objects; {limit} are allowed")


def allowance(max_body: int) -> int:
    """The budget that goes with a limit of bodies."""
    return max_body // _SHARE
