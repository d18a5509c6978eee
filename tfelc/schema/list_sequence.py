"""Lists of a schema that say together what happened, one thing after the other."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, model_validator

from tfelc.schema.schema_part import SchemaPart

Pooling = Literal["mean", "attention", "transformer"]


class ListSequence(SchemaPart):
    """Columns of kind `list` that are equally long in each row: the same place of each is one thing that happened.

    Attributes:
        columns: The lists.
        pooling: What becomes of the positions: their `mean`; a sum weighed by the candidate (`attention`, DIN); or a
            block of a `transformer` over them and the candidate. Defaults to `attention`.
    """

    columns: tuple[str, ...] = Field(min_length=1)
    pooling: Pooling = "attention"

    @model_validator(mode="before")
    @classmethod
    def _columns_alone(cls, content: Any) -> Any:
        return {"columns": content} if isinstance(content, (list, tuple)) else content

    @property
    def sees_candidate(self) -> bool:
        """Whether what it comes to differs by candidate."""
        return self.pooling != "mean"
