"""Where each feature lies in the tensors that the model reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tfelc.schema.column import ROLES, Role
from tfelc.schema.schema import Schema


@dataclass(frozen=True)
class ListFeature:
    """One multi-valued feature: its column, the key of its ids in a batch, and its place in the fused table."""

    column: str
    key: str
    dim: int
    offset: int


@dataclass(frozen=True)
class Side:
    """The features of one role: numbers in one matrix, single ids in one matrix for each embedding width, lists apart.

    Attributes:
        numbers: Number columns, in the order of the matrix `<role>_numbers`.
        ids: Embedding width -> columns, in the order of the matrix `<role>_ids_<width>`.
        lists: The multi-valued features.
    """

    role: Role
    numbers: tuple[str, ...]
    ids: Mapping[int, tuple[str, ...]]
    lists: tuple[ListFeature, ...]

    @property
    def numbers_key(self) -> str:
        """Key of the numbers' matrix in a batch."""
        return f"{self.role}_numbers"

    def ids_key(self, dim: int) -> str:
        """Key of the matrix of ids whose embeddings are `dim` wide."""
        return f"{self.role}_ids_{dim}"


@dataclass(frozen=True)
class Layout:
    """The model's input, derived from a schema and the fitted sizes of its tables.

    All tables of one width lie in one fused table, each from its own offset: one look-up and one sparse update a step
    instead of one a column.

    Attributes:
        sides: The features of each role that has any.
        fused_rows: Embedding width -> rows of the fused table.
        offsets: Table -> (width, first row in the fused table).
        pairs: (list column, item column) that share a table: history and candidate.
    """

    sides: Mapping[Role, Side]
    fused_rows: Mapping[int, int]
    offsets: Mapping[str, tuple[int, int]]
    pairs: tuple[tuple[str, str], ...] = field(default=())

    @classmethod
    def of(cls, schema: Schema, table_rows: Mapping[str, int], embedding_dim: int) -> Layout:
        """Lays the features of `schema` out.

        Args:
            schema: The columns and their tables.
            table_rows: Rows of each embedding table, the ones for missing and unknown values included.
            embedding_dim: Width of the tables whose schema names none.
        """
        fused_rows: dict[int, int] = {}
        offsets: dict[str, tuple[int, int]] = {}
        for table, rows in table_rows.items():
            spec = schema.tables.get(table)
            dim = (spec.dim if spec else None) or embedding_dim
            offsets[table] = (dim, fused_rows.get(dim, 0))
            fused_rows[dim] = fused_rows.get(dim, 0) + rows
        sides = {role: side for role in ROLES if (side := _side(schema, role, offsets)) is not None}
        pairs = tuple(
            (history, candidate)
            for history, left in schema.features.items()
            for candidate, right in schema.features.items()
            if left.kind == "list" and left.role != "item" and right.role == "item" and right.kind != "number"
            if schema.table_of(history)[0] == schema.table_of(candidate)[0]
        )
        return cls(sides, fused_rows, offsets, pairs)


def _side(schema: Schema, role: Role, offsets: Mapping[str, tuple[int, int]]) -> Side | None:
    columns = {name: c for name, c in schema.features.items() if c.role == role}
    ids: dict[int, list[str]] = {}
    for name, column in columns.items():
        if column.kind == "category" or column.buckets:
            ids.setdefault(offsets[schema.table_of(name)[0]][0], []).append(name)
    lists = tuple(
        ListFeature(name, f"{role}_list_{name}", *offsets[schema.table_of(name)[0]])
        for name, column in columns.items()
        if column.kind == "list"
    )
    numbers = tuple(name for name, column in columns.items() if column.kind == "number")
    return Side(role, numbers, {dim: tuple(names) for dim, names in ids.items()}, lists) if columns else None
