"""What the name of a column says of it."""

from __future__ import annotations

import keyword
import re

_USERS = ("user", "customer", "member", "visitor", "viewer", "account", "uid", "buyer", "client")
_ITEMS = ("item", "product", "video", "article", "movie", "song", "track", "sku", "ad", "doc", "news", "book", "offer")
_TIMES = ("timestamp", "time", "ts", "datetime", "date", "event_time", "created_at", "time_ms", "unix_time")
_ACTIVITY = re.compile(
    r"visit|session|active|activity|login|freq|(^|_)(cnt|count|num|total|clicks|orders|views|likes|purchases|days)(_|$)"
    r"|_(last_)?\d+d(_|$)"
)
_CODE = re.compile(
    r"(^|_)(id|code|type|cat|category|class|hour|weekday|day|month|zip|tag|flag|feat\d*)(_|$)|_id$|feat\d+$"
)
_ALLOWED = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def is_user_id(name: str) -> bool:
    """Whether a column may tell the users apart."""
    return _is_id_of(name, _USERS)


def is_item_id(name: str) -> bool:
    """Whether a column may tell the candidates apart."""
    return _is_id_of(name, _ITEMS)


def is_time(name: str) -> bool:
    """Whether a column may say when it happened."""
    return name.lower() in _TIMES


def is_of_user(name: str) -> bool:
    """Whether a column is called as one of the user's."""
    return name.lower().split("_")[0] in (*_USERS, "u")


def is_of_item(name: str) -> bool:
    """Whether a column is called as one of the candidate's."""
    return name.lower().split("_")[0] in (*_ITEMS, "i")


def is_activity(name: str) -> bool:
    """Whether a column is called as what a user has done in the last days is."""
    return _ACTIVITY.search(name.lower()) is not None


def is_code(name: str) -> bool:
    """Whether whole numbers under such a name are names of things rather than amounts."""
    return _CODE.search(name.lower()) is not None


def is_allowed(name: str) -> bool:
    """Whether a schema takes the name."""
    return _ALLOWED.fullmatch(name) is not None and not keyword.iskeyword(name) and name != "self"


def _is_id_of(name: str, things: tuple[str, ...]) -> bool:
    words = name.lower()
    return words in things or any(
        words == f"{thing}{tail}" for thing in things for tail in ("_id", "id", "_key", "_no")
    )
