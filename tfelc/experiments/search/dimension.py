"""The values that one setting is tried with."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Self

import optuna
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


def _number(value: Any) -> float:
    """A number, or text that is one: YAML reads `1e-4` as text."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"must be a number. Received: {value!r}")
    try:
        number = float(value)
    except ValueError:
        raise ValueError(f"must be a number. Received: {value!r}") from None
    if not math.isfinite(number):
        raise ValueError(f"must be a finite number. Received: {value!r}")
    return number


Number = Annotated[float, BeforeValidator(_number)]


class Dimension(BaseModel):
    """A range of numbers, both ends included, or a list of values.

    Attributes:
        low: The lowest value of a range.
        high: The highest one.
        log: Whether the range is drawn from by magnitude, so that as many values lie between 0.001 and 0.01 as
            between 0.01 and 0.1.
        step: Distance of the values of a range; without it any number between the ends, or any whole one for a setting
            that takes only these.
        values: The values of a list, of any type that the setting takes.

    Example:
        >>> Dimension.model_validate({"low": "1e-4", "high": 0.01, "log": True}).ends
        (0.0001, 0.01)
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: Number | None = None
    high: Number | None = None
    log: bool = Field(False, strict=True)
    step: Number | None = None
    values: tuple[Any, ...] | None = None

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.values is not None:
            if self.model_fields_set != {"values"}:
                raise ValueError("takes `values`, or `low` and `high`, not both")
            if len(set(self.choices)) < max(len(self.choices), 1):
                raise ValueError("`values` must be at least one, none of them twice")
            return self
        if self.low is None or self.high is None:
            raise ValueError("needs `low` and `high`, or `values`")
        if self.low >= self.high:
            raise ValueError(f"`low` must be below `high`. Received: {self.low:g} and {self.high:g}")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("`log` needs a `low` above 0, and no `step`")
        if self.step is not None and not _is_multiple(self.high - self.low, self.step):
            raise ValueError("`step` must be above 0 and lead from `low` to `high`")
        return self

    @property
    def ends(self) -> tuple[Any, ...]:
        """The values to check: both ends of a range, or all of a list."""
        if self.values is not None:
            return self.values
        assert self.low is not None and self.high is not None
        return (_plain(self.low), _plain(self.high))

    @property
    def between(self) -> float | None:
        """A number of the range that is not whole, where both ends and the step are whole; None otherwise."""
        if self.low is None or not all(end is None or end.is_integer() for end in (self.low, self.high, self.step)):
            return None
        return self.low + 0.5

    @property
    def choices(self) -> list[str]:
        """The values of a list as text: `true`, `1` and `1.0` are three, and a list or a mapping is one as well."""
        return [json.dumps(value) for value in self.values or ()]

    def draw(self, trial: optuna.Trial, name: str, whole: bool) -> Any:
        """The value of a trial: drawn, or the one that it has already.

        Args:
            trial: The trial.
            name: The setting.
            whole: Whether the setting takes whole numbers alone.
        """
        if self.values is not None:
            return json.loads(trial.suggest_categorical(name, self.choices))
        assert self.low is not None and self.high is not None
        if whole:
            return trial.suggest_int(name, int(self.low), int(self.high), step=int(self.step or 1), log=self.log)
        return trial.suggest_float(name, self.low, self.high, step=self.step, log=self.log)

    def read(self, drawn: Any) -> Any:
        """The value that stands for what a trial holds."""
        return drawn if self.values is None else json.loads(drawn)


def _is_multiple(length: float, step: float) -> bool:
    return step > 0 and math.isclose(length / step, round(length / step), abs_tol=1e-9)


def _plain(number: float) -> float | int:
    return int(number) if number.is_integer() else number
