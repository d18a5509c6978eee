"""An embedding table of a schema."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from tfelc.schema.schema_part import SchemaPart


class EmbeddingTable(SchemaPart):
    """An embedding table, shared by every column that names it.

    Attributes:
        min_count: A value enters the vocabulary once the training split holds it this often. Defaults to 1.
        max_size: The vocabulary's largest size, the most frequent values kept. Defaults to no limit.
        values: A vocabulary written out by hand; nothing is then fitted. Defaults to one that is fitted.
        hash_buckets: Hash the values into this many rows instead of keeping a vocabulary. Defaults to none.
        hash_functions: How many of those rows a value has, whose sum is its embedding. Defaults to 1.
        dim: Width of the embedding. Defaults to the setting `model.embedding_dim`.
        pretrained: Parquet file with a column of values and one of vectors, `dim` wide, that the rows begin with.
            Defaults to none.
        trainable: Whether the rows of its values are trained; those for missing and unknown ones always are. Defaults
            to True.
    """

    min_count: int = Field(1, ge=1)
    max_size: int | None = Field(None, ge=1)
    values: tuple[str | int, ...] | None = Field(None, min_length=1)
    hash_buckets: int | None = Field(None, ge=1)
    hash_functions: int = Field(1, ge=1, le=4)
    dim: int | None = Field(None, ge=1)
    pretrained: str | None = Field(None, min_length=1)
    trainable: bool = True

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.hash_buckets and (self.values or self.max_size or self.min_count > 1):
            raise ValueError("`hash_buckets` excludes `values`, `max_size` and `min_count`")
        if self.hash_functions > 1 and not self.hash_buckets:
            raise ValueError("`hash_functions` needs `hash_buckets`, the rows that they share")
        if self.hash_buckets and self.pretrained:
            raise ValueError("`hash_buckets` excludes `pretrained`: a row is that of many values")
        if not self.trainable and not self.pretrained:
            raise ValueError("`trainable: false` needs `pretrained`: the rows would stay as they were drawn")
        if self.values and (self.max_size or self.min_count > 1):
            raise ValueError("`values` excludes `max_size` and `min_count`")
        if self.values and len(set(self.values)) < len(self.values):
            twice = next(value for value in self.values if self.values.count(value) > 1)
            raise ValueError(f"`values` holds {twice!r} twice")
        return self
