"""A ranker's embedding tables, begun with vectors that were learned elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tfelc.features.fitted import FittedFeatures
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.training.pretrained_table import PretrainedTable
from tfelc.schema.schema import Schema

# A table's rows for a missing and for an unknown value.
_OWN_ROWS = 2


def pretrained_lines(schema: Schema, fitted: FittedFeatures, embedding_dim: int) -> list[str]:
    """A sentence for each table with pretrained vectors, that says how many of its values have one.

    Args:
        schema: The columns and tables.
        fitted: The vocabularies.
        embedding_dim: Width of the tables whose schema names none.

    Raises:
        DataError: A file is missing or damaged.
        UsageError: A file does not fit its table.
    """
    lines = []
    for name, path in _paths(schema, fitted).items():
        values = fitted.vocabularies[name]
        known, _ = PretrainedTable.read(path).of(name, values, schema.tables[name].dim or embedding_dim)
        lines.append(f"table {name}: {int(known.sum()):,} of {len(values):,} values have a vector in {path}")
    return lines


def fill_pretrained(model: RankingModel, fitted: FittedFeatures, kept: Mapping[str, Any] | None = None) -> None:
    """Puts the vectors of the files into the rows of their values.

    In a table that is not trained, the row of a value without a vector becomes 0; in others it begins as any row does.

    Args:
        model: The ranker, with fresh weights or those of a run that it goes on from.
        fitted: Its vocabularies.
        kept: Table -> values whose rows stay as they are, where the table is trained. Defaults to none.

    Raises:
        DataError: A file is missing or damaged.
        UsageError: A file does not fit its table.
    """
    encoder = model.ranker.encoder
    for name, path in _paths(model.schema, fitted).items():
        width, first = encoder.layout.offsets[name]
        values = fitted.vocabularies[name]
        taken, vectors = PretrainedTable.read(path).of(name, values, width)
        if not model.schema.tables[name].trainable:
            taken = np.ones(len(values), bool)
        elif kept:
            stays = set(kept.get(name, ()))
            taken &= np.array([value not in stays for value in values])
        table = encoder.tables[width].embeddings
        rows = table.numpy()
        rows[first + _OWN_ROWS + np.flatnonzero(taken)] = vectors[taken]
        table.assign(rows)


def _paths(schema: Schema, fitted: FittedFeatures) -> dict[str, Path]:
    return {
        name: Path(table.pretrained)
        for name, table in schema.tables.items()
        if table.pretrained is not None and name in fitted.vocabularies
    }
