"""What tells apart the rows that are ranked together."""

from __future__ import annotations

from collections.abc import Mapping

from tfelc.core.validation_message import near_miss
from tfelc.schema.column import Column

USER_AND_DAY = "user_and_day"
_KINDS = ("id", "category", "group")


def check_request_key(
    request_key: str | None, columns: Mapping[str, Column], user_key: str | None, setting: str = "request_key"
) -> None:
    """Raises ValueError where a schema's `request_key`, or what else `setting` names, tells no requests apart."""
    if request_key is None:
        return
    if request_key == USER_AND_DAY and USER_AND_DAY not in columns:
        if user_key is None or not any(column.kind == "timestamp" for column in columns.values()):
            raise ValueError(f"`{setting}: {USER_AND_DAY}` needs `user_key` and a column of kind `timestamp`")
        return
    if request_key not in columns:
        hint = near_miss(request_key, columns) or f"; use a column, or `{USER_AND_DAY}`"
        raise ValueError(f"`{setting}: {request_key}` is not a column{hint}")
    if columns[request_key].kind not in _KINDS:
        raise ValueError(f"`{setting}: {request_key}` is not a column of kind {', '.join(_KINDS)}")
