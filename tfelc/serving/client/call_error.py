"""A call that the server refused or never answered."""

from __future__ import annotations

from tfelc.core.errors import TfelcError


class CallError(TfelcError):
    """What a client raises.

    Attributes:
        code: The canonical status code's name, as in `INVALID_ARGUMENT`.
        message: The server's own words.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
