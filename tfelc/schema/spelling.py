"""How values are spelled in files: what a schema may say of it."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field


def _known(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"no time zone `{name}`; use a name such as Europe/Berlin or UTC") from None
    return name


# What stands between the values of a list that is written as text.
Separator = Annotated[str, Field(min_length=1)]
# A name of the IANA time zone database.
TimeZone = Annotated[str, AfterValidator(_known)]
