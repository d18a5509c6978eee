"""What calls for a look at what is served."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field

from tfelc.core.errors import ConfigError
from tfelc.core.settings import Settings
from tfelc.core.validation_message import near_miss
from tfelc.schema.schema import Schema


class FeatureThresholds(Settings):
    """Those of one feature; what is not given is as for all.

    Attributes:
        psi: Population stability index.
        unknown: By how much the rate of unknown ids may be above that of the export.
        missing: The same for missing values.
    """

    psi: float | None = Field(None, gt=0)
    unknown: float | None = Field(None, ge=0, le=1)
    missing: float | None = Field(None, ge=0, le=1)


class Thresholds(Settings):
    """Those of a ranker; thresholds.yaml, beside this file, is the defaults with comments, to be copied.

    Attributes:
        rows: With fewer rows nothing is said of features and scores.
        positives: With fewer outcomes nothing is said of a calibration.
        psi: Population stability index of a feature.
        score_psi: That of a score.
        unknown: By how much the rate of unknown ids may be above that of the export.
        missing: The same for missing values.
        calibration: By what part the mean score may be off the mean label.
        features: Feature -> thresholds of its own.
    """

    rows: int = Field(1000, ge=1)
    positives: int = Field(1000, ge=1)
    psi: float = Field(0.2, gt=0)
    score_psi: float = Field(0.2, gt=0)
    unknown: float = Field(0.05, ge=0, le=1)
    missing: float = Field(0.05, ge=0, le=1)
    calibration: float = Field(0.1, gt=0)
    features: dict[str, FeatureThresholds] = {}

    @classmethod
    def of(cls, schema: Schema, path: Path | None = None) -> Self:
        """The defaults, with what a file says over them.

        Args:
            schema: The features that there are.
            path: A YAML file. Defaults to None: the defaults alone.

        Raises:
            ConfigError: The file cannot be read, or a key, value or feature is none.
        """
        found = cls.load(path)
        for name in found.features:
            if name not in schema.features:
                raise ConfigError(f"{path}: `features.{name}`: no such feature{near_miss(name, schema.features)}")
        return found

    def of_feature(self, name: str, measure: str) -> float:
        """The threshold of a feature.

        Args:
            name: The feature.
            measure: `psi`, `unknown` or `missing`.
        """
        own = getattr(self.features.get(name, FeatureThresholds()), measure)
        return float(getattr(self, measure) if own is None else own)
