"""Settings as frozen models, read from YAML and `--set a.b=c`; an unknown key is an error."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from tfelc.core.errors import ConfigError
from tfelc.core.yaml_text import load_yaml


class Settings(BaseModel):
    """A group of settings, or all those of an experiment."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def load(cls, path: Path | None = None, overrides: Sequence[str] = ()) -> Self:
        """Reads a YAML file (none: the defaults) and applies overrides such as `model.clusters.count=20`.

        Raises:
            ConfigError: The file cannot be read, or a key or value is not one of the settings.
        """
        content: dict[str, Any] = {}
        if path is not None:
            try:
                content = load_yaml(path.read_text(encoding="utf-8")) or {}
            except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
                raise ConfigError(f"{path}: not a readable YAML file: {' '.join(str(error).split())}") from None
            if not isinstance(content, dict):
                raise ConfigError(f"{path}: settings are a mapping of names to values")
        for override in overrides:
            _apply(content, override)
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            # Raised by a check of several settings, which names them itself.
            if contradiction := first.get("ctx", {}).get("error"):
                raise ConfigError(f"{path or '--set'}: {contradiction}") from None
            key = ".".join(str(part) for part in first["loc"])
            reason = "no such setting" if first["type"] == "extra_forbidden" else first["msg"]
            raise ConfigError(f"{path or '--set'}: `{key}`: {reason}. Received: {first['input']!r}") from None

    def dump(self) -> str:
        """Every setting as YAML, defaults included."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False)


def _apply(content: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    if not equals or not key:
        raise ConfigError(f"--set {override}: write it as key=value, for example model.clusters.count=20")
    *parents, last = key.split(".")
    for parent in parents:
        content = content.setdefault(parent, {})
        if not isinstance(content, dict):
            raise ConfigError(f"--set {override}: `{parent}` is a value, not a group of settings")
    try:
        content[last] = load_yaml(text)
    except yaml.YAMLError:
        raise ConfigError(f"--set {override}: `{text}` is not a YAML value") from None
