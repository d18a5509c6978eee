"""Settings of a part that is found by its name: each part has a class of its own, with the keys that apply to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import ModelWrapValidatorHandler, ValidationError, model_validator

from tfelc.core.part_error import PartError
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

    @model_validator(mode="wrap")
    @classmethod
    def _of_its_name(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if "registry" not in cls.__dict__ or isinstance(value, cls):
            return handler(value)
        if isinstance(value, str):
            value = {"name": value}
        if not isinstance(value, Mapping):
            return handler(value)
        part: type[Self] = cls.registry.get(value.get("name", cls.default_name))
        try:
            return part.model_validate(dict(value))
        except ValidationError as error:
            raise PartError(error) from None
