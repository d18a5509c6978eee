"""Numbers of the settings that may be left to the program: `auto`, until a run knows its data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

AUTO = -1
"""How `auto` is held; below every value that such a setting may have."""


@dataclass(frozen=True)
class OrAuto:
    """Lets a number be `auto` too; it comes last in the `Annotated` of the number and its limits.

    Example:
        >>> from typing import Annotated
        >>> from pydantic import BaseModel, Field
        >>> class Training(BaseModel):
        ...     epochs: Annotated[int, Field(ge=1), OrAuto()] = AUTO
        >>> Training(epochs="auto").epochs, Training(epochs=3).epochs
        (-1, 3)
    """

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_wrap_validator_function(_read, handler(source))


def _read(value: Any, number: Callable[[Any], Any]) -> Any:
    return AUTO if value == "auto" else number(value)
