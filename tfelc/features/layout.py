"""Where each feature lies in the tensors that the model reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tfelc.core.errors import SchemaError
from tfelc.layers.hashed_rows import HASHED_IDS, MOST_HASHED, HashedRows
from tfelc.schema.column import BIAS, ROLES, ColumnRole
from tfelc.schema.list_sequence import Pooling
from tfelc.schema.schema import Schema


@dataclass(frozen=True)
class ListFeature:
    """One multi-valued feature: its column, the key of its ids in a batch, and its place in the fused table."""

    column: str
    key: str
    dim: int
    offset: int


@dataclass(frozen=True)
class VectorFeature:
    """One vector: its column, the key of its numbers in a batch, and how many there are."""

    column: str
    key: str
    width: int


@dataclass(frozen=True)
class SequenceFeature:
    """Lists that are one sequence: those that are embedded, and those of numbers in one matrix.

    Attributes:
        name: Of the sequence.
        role: Whose it is.
        pooling: What becomes of the positions.
        max_length: Positions that are kept, the last ones.
        lists: The lists that are embedded.
        numbers: The lists of numbers, in the order of the matrix.
        pairs: (list, item column) that share a table: what the history and the candidate have in common.
    """

    name: str
    role: ColumnRole
    pooling: Pooling
    max_length: int
    lists: tuple[ListFeature, ...]
    numbers: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]

    @property
    def numbers_key(self) -> str:
        """Key of the numbers in a batch, `(batch, length, numbers)`."""
        return f"{self.role}_sequence_{self.name}"

    @property
    def columns(self) -> tuple[str, ...]:
        """All its columns."""
        return (*(feature.column for feature in self.lists), *self.numbers)

    @property
    def sees_candidate(self) -> bool:
        """Whether what it comes to differs by candidate."""
        return self.pooling != "mean"


@dataclass(frozen=True)
class Side:
    """The columns of one role: numbers in one matrix, single ids in one matrix for each embedding width, lists apart.

    Attributes:
        numbers: Number columns, in the order of the matrix `<role>_numbers`.
        ids: Embedding width -> columns, in the order of the matrix `<role>_ids_<width>`.
        lists: The multi-valued features that are in no sequence.
        vectors: The vectors.
    """

    role: ColumnRole
    numbers: tuple[str, ...]
    ids: Mapping[int, tuple[str, ...]]
    lists: tuple[ListFeature, ...]
    vectors: tuple[VectorFeature, ...] = ()

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
        pairs: (list column, item column) that share a table, and whose product is a feature: history and candidate.
        sequences: The sequences.
        hashed: Embedding width -> where the tables lie whose values have several rows each.
        hashed_ids: Each such table -> the first id of its values; that of a missing one is its first row, as in any.
    """

    sides: Mapping[ColumnRole, Side]
    fused_rows: Mapping[int, int]
    offsets: Mapping[str, tuple[int, int]]
    pairs: tuple[tuple[str, str], ...] = field(default=())
    sequences: tuple[SequenceFeature, ...] = field(default=())
    hashed: Mapping[int, tuple[HashedRows, ...]] = field(default_factory=dict)
    hashed_ids: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, schema: Schema, table_rows: Mapping[str, int], embedding_dim: int) -> Layout:
        """Lays the features of `schema` out.

        Args:
            schema: The columns and their tables.
            table_rows: Rows of each embedding table, the ones for missing and unknown values included.
            embedding_dim: Width of the tables whose schema names none.

        Raises:
            SchemaError: There are more tables of one width with several hash functions than ids can tell apart.
        """
        fused_rows: dict[int, int] = {}
        offsets: dict[str, tuple[int, int]] = {}
        for table, rows in table_rows.items():
            spec = schema.tables.get(table)
            dim = (spec.dim if spec else None) or embedding_dim
            offsets[table] = (dim, fused_rows.get(dim, 0))
            fused_rows[dim] = fused_rows.get(dim, 0) + rows
        sides = {role: side for role in (*ROLES, BIAS) if (side := _side(schema, role, offsets)) is not None}
        embedded = {name: column for name, column in schema.features.items() if column.is_embedded}
        pairs = tuple(
            (history, candidate)
            for history, left in embedded.items()
            for candidate, right in embedded.items()
            if left.kind == "list" and left.role != "item" and right.role == "item"
            if schema.table_of(history)[0] == schema.table_of(candidate)[0]
        )
        sequences = tuple(_sequence(schema, name, offsets, pairs) for name in schema.sequences)
        # A block's output has no place that is one list's own.
        blended = {name for sequence in sequences if sequence.pooling == "transformer" for name in sequence.columns}
        seen = tuple(pair for pair in pairs if pair[0] not in blended)
        return cls(sides, fused_rows, offsets, seen, sequences, *_hashed(schema, offsets, fused_rows))

    def value_ids(self, table: str, rows: int) -> tuple[int, int]:
        """The first id of what is not missing in a table, and the one after the last.

        Args:
            table: The table.
            rows: Its rows.
        """
        if table in self.hashed_ids:
            return self.hashed_ids[table], self.hashed_ids[table] + HASHED_IDS
        first = self.offsets[table][1]
        return first + 1, first + rows


def _hashed(
    schema: Schema, offsets: Mapping[str, tuple[int, int]], fused_rows: Mapping[int, int]
) -> tuple[dict[int, tuple[HashedRows, ...]], dict[str, int]]:
    hashed: dict[int, tuple[HashedRows, ...]] = {}
    first_ids: dict[str, int] = {}
    for table, (dim, first) in offsets.items():
        spec = schema.tables.get(table)
        if spec is None or spec.hash_buckets is None or spec.hash_functions == 1:
            continue
        before = hashed.get(dim, ())
        if len(before) == MOST_HASHED:
            raise SchemaError(
                f"schema `{schema.name}`: table `{table}` is one too many with `hash_functions` whose embeddings are "
                f"{dim} wide: there can be {MOST_HASHED}; give it another `dim`"
            )
        first_ids[table] = fused_rows[dim] + len(before) * HASHED_IDS
        hashed[dim] = (*before, HashedRows(first, spec.hash_buckets, spec.hash_functions))
    return hashed, first_ids


def _side(schema: Schema, role: ColumnRole, offsets: Mapping[str, tuple[int, int]]) -> Side | None:
    columns = {name: c for name, c in schema.trained_on.items() if c.role == role}
    ids: dict[int, list[str]] = {}
    for name, column in columns.items():
        if column.kind == "category" or column.buckets:
            ids.setdefault(offsets[schema.table_of(name)[0]][0], []).append(name)
    in_sequences = {name for sequence in schema.sequences.values() for name in sequence.columns}
    lists = tuple(
        ListFeature(name, f"{role}_list_{name}", *offsets[schema.table_of(name)[0]])
        for name, column in columns.items()
        if column.kind == "list" and name not in in_sequences
    )
    numbers = tuple(name for name, column in columns.items() if column.kind == "number")
    vectors = tuple(
        VectorFeature(name, f"{role}_vector_{name}", column.width or 0)
        for name, column in columns.items()
        if column.kind == "vector"
    )
    grouped = {dim: tuple(names) for dim, names in ids.items()}
    return Side(role, numbers, grouped, lists, vectors) if columns else None


def _sequence(
    schema: Schema, name: str, offsets: Mapping[str, tuple[int, int]], pairs: tuple[tuple[str, str], ...]
) -> SequenceFeature:
    columns = {each: schema.columns[each] for each in schema.sequences[name].columns}
    first = next(iter(columns.values()))
    assert first.role is not None
    lists = tuple(
        ListFeature(each, f"{first.role}_sequence_{name}_{each}", *offsets[schema.table_of(each)[0]])
        for each, column in columns.items()
        if column.is_embedded
    )
    numbers = tuple(each for each, column in columns.items() if not column.is_embedded)
    shared = tuple(pair for pair in pairs if pair[0] in columns)
    pooling = schema.sequences[name].pooling
    return SequenceFeature(name, first.role, pooling, first.max_length, lists, numbers, shared)
