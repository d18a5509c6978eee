"""Random features, as the look-up of raw values would give them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.features.layout import Layout, ListFeature
from tfelc.schema.schema import Schema


def random_features(
    schema: Schema, table_rows: Mapping[str, int], embedding_dim: int, rows: int, seed: int
) -> dict[str, NDArray[Any]]:
    """Draws what a ranker's encoder reads, without a log: of every feature, missing values left out.

    Args:
        schema: Schema. The columns.
        table_rows: Mapping of embedding table to its rows.
        embedding_dim: int. Width of the tables whose schema names none.
        rows: int. Rows to draw.
        seed: int. Seed of the draws.

    Returns:
        Dictionary of layout key to array, `(rows, ...)`: numbers from a standard normal, ids with equal chances.

    Example:
        >>> columns = {"visits": {"kind": "number", "role": "activity"}, "item": {"kind": "category", "role": "item"}}
        >>> columns["clicked"] = {"kind": "label"}
        >>> schema = Schema.load({"name": "shop", "columns": columns, "tasks": {"ctr": {"label": "clicked"}}})
        >>> found = random_features(schema, {"item": 9}, embedding_dim=4, rows=3, seed=0)
        >>> {key: value.shape for key, value in found.items()}
        {'activity_numbers': (3, 1), 'item_ids_4': (3, 1)}
    """
    random = np.random.default_rng(seed)
    layout = Layout.of(schema, table_rows, embedding_dim)

    def ids(column: str, *shape: int) -> NDArray[np.int32]:
        table = schema.table_of(column)[0]
        return random.integers(*layout.value_ids(table, table_rows[table]), (rows, *shape)).astype("int32")

    def numbers(*shape: int) -> NDArray[np.float32]:
        return random.normal(size=(rows, *shape)).astype("float32")

    def of_list(feature: ListFeature) -> NDArray[np.int32]:
        return ids(feature.column, schema.columns[feature.column].max_length)

    found: dict[str, NDArray[Any]] = {}
    for side in layout.sides.values():
        if side.numbers:
            found[side.numbers_key] = numbers(len(side.numbers))
        for dim, columns in side.ids.items():
            found[side.ids_key(dim)] = np.stack([ids(column) for column in columns], axis=1)
        found |= {feature.key: of_list(feature) for feature in side.lists}
        found |= {vector.key: numbers(vector.width) for vector in side.vectors}
    for sequence in layout.sequences:
        found |= {feature.key: of_list(feature) for feature in sequence.lists}
        if sequence.numbers:
            found[sequence.numbers_key] = numbers(sequence.max_length, len(sequence.numbers))
    return found
