"""Settings of a part that is found by its name: each part has a class of its own, with the keys that apply to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from tfelc.core.errors import UsageError
from tfelc.core.part_error import NO_SUCH_PART, PartError
from tfelc.core.registry import Registry
from tfelc.core.settings import Settings


class PartSettings(Settings):
    """The base of a family of parts, such as the architectures.

    A setting of the family's type takes the name of a part (`architecture: ple`), or its name and settings
    (`architecture: {name: ple, num_levels: 2}`); a key of another part is an error.

    Attributes:
        registry: The family's parts, by name; each is a subclass. A family sets it, its parts do not.
        default_name: The part that is meant where no name is given.
    """

    registry: ClassVar[Registry[Any]]
    default_name: ClassVar[str]

    name: str

    @classmethod
    def merged(cls, below: Any, above: Any) -> Any:
        """The part that `above` names, with what `below` says of it; see `Settings.merged`.

        Where they name different parts, the keys that only the old one has are left out: they say nothing of the new.
        """
        below, above = cls._with_name(below), cls._with_name(above)
        if not cls._is_family() or not isinstance(below, Mapping) or not isinstance(above, Mapping):
            return super().merged(below, above)
        old, new = (str(content.get("name", cls.default_name)) for content in (below, {**below, **above}))
        known = cls.registry.names()
        if new not in known:
            return above
        part = cls.registry.get(new)
        if old != new and old in known:
            gone = set(cls.registry.get(old).model_fields) - set(part.model_fields)
            below = {key: value for key, value in below.items() if key not in gone}
        return part.merged(below, above)

    @model_validator(mode="wrap")
    @classmethod
    def _of_its_name(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        value = cls._with_name(value)
        if not cls._is_family() or not isinstance(value, Mapping):
            return handler(value)
        try:
            part: type[Self] = cls.registry.get(str(value.get("name", cls.default_name)))
        except UsageError as error:
            raise PydanticCustomError(NO_SUCH_PART, "{reason}", {"reason": str(error)}) from None
        try:
            return part.model_validate(dict(value))
        except ValidationError as error:
            raise PartError(error, part) from None

    @classmethod
    def _is_family(cls) -> bool:
        return "registry" in cls.__dict__

    @staticmethod
    def _with_name(value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value
