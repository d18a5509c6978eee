"""Settings as frozen models, read from YAML, dictionaries and `key=value`; an unknown key is an error."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, ValidationError, model_serializer

from tfelc.core.auto import AUTO, OrAuto
from tfelc.core.errors import ConfigError
from tfelc.core.part_error import NO_SUCH_PART, PartError
from tfelc.core.plugins import load_plugins
from tfelc.core.validation_message import validation_message
from tfelc.core.yaml_text import load_yaml

# One setting after the other, as `--set` takes them, or by dotted key, as Python gives them.
Overrides = Sequence[str] | Mapping[str, Any]


class NewNames(Protocol):
    """Puts settings under the names of today, with one warning that names the old ones."""

    def __call__(
        self,
        content: Mapping[str, Any],
        where: str,
        below: Mapping[str, Any] | None = None,
        above: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The content under the names of today.

        Args:
            content: What was read.
            where: Where it was read, for messages.
            below: What it overrides, under the names of today. Defaults to None: nothing.
            above: What overrides it, as it was read. Defaults to None: nothing.
        """


def _same_names(
    content: Mapping[str, Any],
    where: str,
    below: Mapping[str, Any] | None = None,
    above: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return dict(content)


class Settings(BaseModel):
    """A group of settings, or all those of an experiment."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    # What reads the names of earlier versions.
    with_new_names: ClassVar[NewNames] = _same_names

    @classmethod
    def load(cls, source: Path | Mapping[str, Any] | None = None, overrides: Overrides = ()) -> Self:
        """Reads settings and applies overrides such as `model.clusters.num_clusters=20`.

        Args:
            source: Path of a YAML file, or its content. Defaults to None: the defaults.
            overrides: Sequence of `key=value`, or mapping of dotted key to value; a later one wins. A group goes over
                that of the source key by key. Where another part is named, such as another architecture, what the
                source says of the old one is kept as far as the new one has it too.

        Raises:
            ConfigError: The file cannot be read, or a key or value is not one of the settings.
            UsageError: A plug-in cannot be imported, or an old name of a setting stands beside the new one.
        """
        where = str(source) if isinstance(source, Path) else "settings"
        content, above = _read(source), nested(overrides)
        content = cls.with_new_names(content, where, above=above)
        above = cls.with_new_names(above, "settings", below=content)
        load_named_plugins(above.get("plugins", content.get("plugins")))
        try:
            return cls.model_validate(cls.merged(content, above))
        except ValidationError as error:
            place, message = _fault(error, cls)
            if _holds(above, place):
                raise ConfigError(f"settings: {message}", ["settings"]) from None
            raise ConfigError(f"{where}: {message}") from None

    @classmethod
    def merged(cls, below: Any, above: Any) -> Any:
        """The settings of this group in `below` with those in `above` over them, key by key."""
        if not isinstance(below, Mapping) or not isinstance(above, Mapping):
            return above
        kinds = cls.model_fields
        return {
            **below,
            **{
                key: _merged(kinds[key].annotation if key in kinds else None, below[key], value)
                if key in below
                else value
                for key, value in above.items()
            },
        }

    def to_dict(self) -> dict[str, Any]:
        """Every setting, defaults included, as JSON and YAML take them."""
        return self.model_dump(mode="json", serialize_as_any=True)

    @model_serializer(mode="wrap")
    def _with_auto(self, serialized: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = serialized(self)
        for name, field in type(self).model_fields.items():
            if OrAuto() in field.metadata and content.get(name) == AUTO:
                content[name] = "auto"
        return content

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
        if isinstance(group.get(last), dict) and isinstance(value, str):
            value = {"name": value}
        group[last] = _merged(None, group[last], value) if last in group else copy.deepcopy(value)
    return found


def flat(settings: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested groups as dotted name -> value.

    Example:
        >>> flat({"model": {"dim": 8, "loss": {"name": "bce"}}})
        {'model.dim': 8, 'model.loss.name': 'bce'}
    """
    found: dict[str, Any] = {}
    for key, value in settings.items():
        found |= flat(value, f"{before}{key}.") if isinstance(value, Mapping) else {f"{before}{key}": value}
    return found


def _parsed(override: str) -> tuple[str, Any]:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"setting {override}: write it as key=value, for example model.clusters.num_clusters=20")
    try:
        return key, load_yaml(text)
    except yaml.YAMLError:
        raise ConfigError(f"setting {override}: `{text}` is not a YAML value") from None


def _fault(error: ValidationError, group: type[BaseModel]) -> tuple[tuple[str | int, ...] | None, str]:
    """Where the first fault lies, None where several settings contradict each other; and what it is."""
    first = error.errors()[0]
    place, cause = first["loc"], first.get("ctx", {}).get("error")
    if isinstance(cause, PartError):
        # A part's own fault comes wrapped in that of the group that holds it.
        inner, message = _fault(cause.fault, cause.part)
        if inner is None:
            return None, message
        outer = "".join(f"{part}." for part in place)
        return (*place, *inner), f"`{outer}{message.removeprefix('`')}"
    if cause is not None:
        return None, str(cause)  # The check names the settings itself.
    if first["type"] == NO_SUCH_PART:
        return place, f"`{'.'.join(map(str, place))}`: {first['msg']}"
    return place, validation_message(error, group, "setting")


def _merged(kind: Any, below: Any, above: Any) -> Any:
    """The value of a setting of type `kind`, of which a lower source says `below` and a higher one `above`."""
    if isinstance(kind, type) and issubclass(kind, Settings):
        return kind.merged(below, above)
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    inner = get_args(kind)[1] if get_origin(kind) is dict else None
    over = {key: _merged(inner, below[key], value) if key in below else value for key, value in above.items()}
    return {**below, **over}


def load_named_plugins(modules: Any) -> None:
    """Imports the modules that settings name under `plugins`; see `load_plugins`.

    Args:
        modules: What the settings hold. What is no list of names is passed over: the check of all settings tells it.
    """
    if isinstance(modules, list | tuple) and all(isinstance(module, str) for module in modules):
        load_plugins(modules)


def _holds(content: Any, place: Sequence[str | int] | None) -> bool:
    """Whether a place that a fault was found in is of this content."""
    for key in place or ():
        if not isinstance(content, dict) or key not in content:
            return isinstance(content, list | tuple)
        content = content[key]
    return place is not None
