"""Settings as frozen models, read from YAML, dictionaries and `key=value`; an unknown key is an error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from tfelc.core.errors import ConfigError
from tfelc.core.part_error import PartError
from tfelc.core.plugins import load_plugins
from tfelc.core.renamed_names import Rename, with_new_names
from tfelc.core.yaml_text import load_yaml

# One setting after the other, as `--set` takes them, or by dotted key, as Python gives them.
Overrides = Sequence[str] | Mapping[str, Any]


class Settings(BaseModel):
    """A group of settings, or all those of an experiment.

    Attributes:
        renames: Names that earlier versions wrote, and what they are called now.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    renames: ClassVar[Sequence[Rename]] = ()

    @classmethod
    def load(cls, source: Path | Mapping[str, Any] | None = None, overrides: Overrides = ()) -> Self:
        """Reads settings and applies overrides such as `model.clusters.num_clusters=20`.

        Args:
            source: Path of a YAML file, or its content. Defaults to None: the defaults.
            overrides: Sequence of `key=value`, or mapping of dotted key to value; a later one wins.

        Raises:
            ConfigError: The file cannot be read, or a key or value is not one of the settings.
            UsageError: A part that a setting names does not exist.
        """
        where = str(source) if isinstance(source, Path) else "settings"
        content = cls.with_new_names(_read(source), where)
        given = cls.with_new_names(nested(overrides), "settings", content)
        merged = _merged(content, given)
        load_plugins(merged.get("plugins") or ())
        try:
            return cls.model_validate(merged)
        except ValidationError as error:
            location, message = _fault(error)
            raise ConfigError(f"{'settings' if _holds(given, location) else where}: {message}") from None

    @classmethod
    def with_new_names(
        cls, content: Mapping[str, Any], where: str, below: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The content under the names of today, with one warning for each old one.

        Args:
            content: What was read.
            where: Where it was read, for messages.
            below: What it overrides, under the names of today. Defaults to None: nothing.
        """
        return with_new_names(content, cls.renames, where)

    def to_dict(self) -> dict[str, Any]:
        """Every setting, defaults included, as JSON and YAML take them."""
        return self.model_dump(mode="json", serialize_as_any=True)

    def dump(self) -> str:
        """Every setting as YAML, defaults included."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False)


def _read(source: Path | Mapping[str, Any] | None) -> dict[str, Any]:
    if not isinstance(source, Path):
        return dict(source or {})
    try:
        content = load_yaml(source.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigError(f"{source}: not a readable YAML file: {' '.join(str(error).split())}") from None
    if content is not None and not isinstance(content, dict):
        raise ConfigError(f"{source}: settings are a mapping of names to values")
    return content or {}


def nested(overrides: Overrides) -> dict[str, Any]:
    """Overrides as nested groups.

    Raises:
        ConfigError: One is no `key=value`, or goes below a value.
    """
    found: dict[str, Any] = {}
    pairs = overrides.items() if isinstance(overrides, Mapping) else map(_parsed, overrides)
    for key, value in pairs:
        *parents, last = key.split(".")
        group = found
        for parent in parents:
            inner = group.setdefault(parent, {})
            if isinstance(inner, str):  # The name of a part stands for the part: `model.architecture: ple`.
                inner = group[parent] = {"name": inner}
            if not isinstance(inner, dict):
                raise ConfigError(f"setting {key}: `{parent}` is a value, not a group of settings")
            group = inner
        group[last] = _merged(group[last], value) if isinstance(group.get(last), dict) else value
    return found


def _parsed(override: str) -> tuple[str, Any]:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"setting {override}: write it as key=value, for example model.clusters.num_clusters=20")
    try:
        return key, load_yaml(text)
    except yaml.YAMLError:
        raise ConfigError(f"setting {override}: `{text}` is not a YAML value") from None


def _fault(error: ValidationError) -> tuple[list[str | int], str]:
    """Where the first fault lies, and what it is."""
    first = error.errors()[0]
    location = list(first["loc"])
    # A part's own fault comes wrapped in that of the group that holds it.
    while isinstance(inner := first.get("ctx", {}).get("error"), PartError):
        first = inner.fault.errors()[0]
        location += first["loc"]
    if contradiction := first.get("ctx", {}).get("error"):
        return location, str(contradiction)  # Raised by a check of several settings, which names them itself.
    reason = "no such setting" if first["type"] == "extra_forbidden" else first["msg"]
    return location, f"`{'.'.join(map(str, location))}`: {reason}. Received: {first['input']!r}"


def _merged(below: Any, above: Any) -> Any:
    """The settings of `below` with those of `above` over them."""
    if isinstance(below, str) and isinstance(above, dict):
        below = {"name": below}
    if isinstance(below, dict) and isinstance(above, str):
        above = {"name": above}
    if not isinstance(below, dict) or not isinstance(above, dict):
        return above
    if above.get("name", below.get("name")) != below.get("name"):
        return above  # Another part, whose settings are others.
    return {**below, **{key: _merged(below[key], value) if key in below else value for key, value in above.items()}}


def _holds(content: Any, location: Sequence[str | int]) -> bool:
    for key in location:
        if not isinstance(content, dict) or key not in content:
            return content is not None and not isinstance(content, dict)
        content = content[key]
    return True
