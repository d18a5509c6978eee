"""How a log is split."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from tfelc.schema.schema_part import SchemaPart


class Split(SchemaPart):
    """How a log falls into train, validation and test.

    Attributes:
        by: `time` (the last rows by the timestamp column), `user` (whole users), `row` (each row for itself), or
            `column` (a column that holds the words train, validation and test).
        column: The column that `by: column` reads.
        validation: Share of the rows for validation. Defaults to 0.1.
        test: Share of the rows for test. Defaults to 0.1.
    """

    by: Literal["time", "user", "row", "column"] = "row"
    column: str | None = None
    validation: float = Field(0.1, gt=0, lt=1)
    test: float = Field(0.1, gt=0, lt=1)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if (self.by == "column") != (self.column is not None):
            raise ValueError("`by: column` and `column` go together")
        if self.validation + self.test >= 1:
            raise ValueError("`validation` + `test` must leave rows for training")
        return self
