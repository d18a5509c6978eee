"""What the sequences of a schema must be."""

from __future__ import annotations

from collections.abc import Mapping

from tfelc.schema.column import Column
from tfelc.schema.list_sequence import ListSequence


def check_sequences(
    sequences: Mapping[str, ListSequence], columns: Mapping[str, Column], tables: Mapping[str, str]
) -> None:
    """Raises ValueError, of one line, for the first fault of the sequences.

    Args:
        sequences: Name -> sequence.
        columns: Name -> column.
        tables: Category or list that is embedded -> its table.
    """
    owners: dict[str, str] = {}
    for name, sequence in sequences.items():
        for each in sequence.columns:
            if each not in columns or columns[each].kind != "list":
                raise ValueError(f"sequence `{name}`: `{each}` is not a column of kind `list`")
            if (other := owners.setdefault(each, name)) != name or sequence.columns.count(each) > 1:
                raise ValueError(f"sequence `{name}`: `{each}` is already in `{other}`")
        first = columns[sequence.columns[0]]
        for key in ("role", "max_length"):
            if len({getattr(columns[each], key) for each in sequence.columns}) > 1:
                raise ValueError(f"sequence `{name}`: its columns must agree in `{key}`")
        if first.role == "item":
            raise ValueError(f"sequence `{name}`: is of role `item`; a sequence is of the user or the context")
        of_items = {tables[each] for each, column in columns.items() if column.role == "item" and each in tables}
        if sequence.sees_candidate and not of_items & {tables.get(each) for each in sequence.columns}:
            raise ValueError(
                f"sequence `{name}`: no column of it shares a `table` with one of role `item`, which `pooling: "
                f"{sequence.pooling}` needs; name a table in both, or set `pooling: mean`"
            )
    for name, column in columns.items():
        if column.kind == "list" and column.value_type == "float" and name not in owners:
            raise ValueError(f"column `{name}`: a list of type `float` must be in one of `sequences`")
