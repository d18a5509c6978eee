"""What a search tries, as its file says it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tfelc.core.errors import ConfigError
from tfelc.core.validation_message import validation_message
from tfelc.core.yaml_text import load_yaml
from tfelc.experiments.search.dimension import Dimension


class SearchSpace(BaseModel):
    """The settings that are searched, and how trials are judged.

    Attributes:
        settings: Dotted name of a setting -> the values that it is tried with.
        metric: The validation metric that early stopping watches in every trial, and by which trials are compared; as
            `training.early_stopping.metric`, which is what counts where this is not given.
        seeds: Trainings of each trial, by its seed and those that follow; the mean of their best epochs counts.
        seed: Seed of the draws.
        warmup_epochs: Epochs after which a trial may be given up at the earliest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    settings: dict[str, Dimension] = Field(min_length=1)
    metric: str | None = None
    seeds: int = Field(1, ge=1)
    seed: int = Field(0, ge=0, lt=2**32)
    warmup_epochs: int = Field(1, ge=0)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads a file.

        Args:
            path: The YAML file.

        Raises:
            ConfigError: It cannot be read, or says what cannot be.
        """
        try:
            content = load_yaml(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise ConfigError(f"{path}: not a readable YAML file: {' '.join(str(error).split())}") from None
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise ConfigError(f"{path}: {validation_message(error, cls)}") from None

    def to_dict(self) -> dict[str, Any]:
        """What differs from the defaults, as JSON and YAML take it."""
        return self.model_dump(mode="json", exclude_defaults=True)
