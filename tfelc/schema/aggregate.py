"""A feature that is counted from the log itself."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from tfelc.schema.schema_part import SchemaPart

Compute = Literal["count", "rate", "distinct", "since", "last"]

_SMOOTHING = 10.0


class Aggregate(SchemaPart):
    """What was seen of a key before a row: earlier rows are counted, never the row itself or a later one.

    Attributes:
        by: The key: a column, or several that make it together. Rows with the same value are looked at.
        compute: `count` (rows), `rate` (share of the rows with an outcome), `distinct` (different values), `since`
            (days since the latest row), or `last` (the latest values, as a list).
        of: The outcome of a `rate`, or the column whose values `distinct` and `last` take. Several outcomes must all
            have happened.
        where: Labels that must all be 1 in a row for it to be looked at. Defaults to none: every row is.
        window: How many days are looked at, up to the delay, or `all`. Defaults to `all`.
        delay: `day`: only days before the row's own. A number of minutes: only rows more than so much earlier. Defaults
            to `day`.
        rows: `all`, or `train`: rows of the training split alone, so that the feature is frozen at its end. Defaults to
            `all`.
        smoothing: Weight of `prior` in a rate, in rows. Defaults to 10.
        prior: The rate of a key without rows. Defaults to that of all rows on earlier days.
        length: How many values `last` takes. Defaults to 50.

    Example:
        >>> Aggregate(by="user_id", compute="rate", of="click", window=7).by
        ('user_id',)
    """

    by: tuple[str, ...] = Field(min_length=1)
    compute: Compute
    of: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    window: int | Literal["all"] = "all"
    delay: int | Literal["day"] = "day"
    rows: Literal["all", "train"] = "all"
    smoothing: float | None = Field(None, ge=0)
    prior: float | None = Field(None, ge=0, le=1)
    length: int | None = Field(None, ge=1)

    @field_validator("by", "of", "where", mode="before")
    @classmethod
    def _one_or_several(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("window", mode="before")
    @classmethod
    def _is_a_window(cls, value: Any) -> Any:
        if value != "all" and (type(value) is not int or value < 1):
            raise ValueError(f"must be a whole number of days, such as 7, or `all`. Received: {value!r}")
        return value

    @field_validator("delay", mode="before")
    @classmethod
    def _is_a_delay(cls, value: Any) -> Any:
        if value != "day" and (type(value) is not int or value < 0):
            raise ValueError(f"must be a whole number of minutes, such as 5, or `day`. Received: {value!r}")
        return value

    @model_validator(mode="after")
    def _fits_what_it_computes(self) -> Self:
        for key in ("by", "of", "where"):
            names = getattr(self, key)
            if len(set(names)) < len(names):
                raise ValueError(f"`{key}` names a column twice")
        allowed = {"rate": {"of", "smoothing", "prior"}, "distinct": {"of"}, "last": {"of", "length"}}.get(
            self.compute, set()
        )
        for key in ("of", "smoothing", "prior", "length"):
            if key not in allowed and getattr(self, key) not in ((), None):
                hint = "; an outcome goes to `where`" if key == "of" else ""
                raise ValueError(f"`compute: {self.compute}` takes no `{key}`{hint}")
        if "of" in allowed and not self.of:
            wanted = "the label whose share it is" if self.compute == "rate" else "the column whose values are taken"
            raise ValueError(f"`compute: {self.compute}` needs `of`, {wanted}")
        if self.compute in ("distinct", "last") and len(self.of) > 1:
            raise ValueError(f"`compute: {self.compute}` takes one column as `of`. Received: {', '.join(self.of)}")
        return self

    @property
    def strength(self) -> float:
        """`smoothing`, with its default."""
        return _SMOOTHING if self.smoothing is None else self.smoothing

    @property
    def size(self) -> int:
        """`length`, with its default."""
        return 50 if self.length is None else self.length

    @property
    def needs_prior(self) -> bool:
        """Whether the rate of all rows must be worked out."""
        return self.compute == "rate" and self.prior is None and self.strength > 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the log that it reads, beside the time."""
        return tuple(dict.fromkeys([*self.by, *self.of, *self.where]))
