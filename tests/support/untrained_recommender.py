"""Small next-item runs that were never trained but answer decidedly."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ITEMS = 30
USERS = 60
MAX_LENGTH = 6


def word(number: int) -> str:
    """The id of an item in words, not all of them ASCII."""
    return f"item {number} \u96ea" if number % 3 == 0 else f"item {number}"


def write_sequences(path: Path, named: Callable[[int], Any] = word) -> Path:
    """A table of users' items; user `u` begins with `u % ITEMS + 1`, and lengths go from 3 to 14.

    Item 1 + i is seen the more often the smaller i is.
    """
    random = np.random.default_rng(5)
    users, items, times = [], [], []
    for user in range(USERS):
        length = 3 + user % 12
        rest = (random.random(length) ** 2 * ITEMS).astype(int) + 1
        for time, item in enumerate([user % ITEMS + 1, *rest[1:]]):
            users.append(f"u{user}")
            items.append(named(int(item)))
            times.append(time)
    pq.write_table(pa.table({"user": users, "item": items, "time": times}), path)
    return path


def write_untrained_recommender(folder: Path, *settings: str, named: Callable[[int], Any] = word) -> Any:
    """A run in `folder / "run"` over sequences in `folder / "sequences.parquet"`."""
    from tfelc.lifecycle.training.checkpoint import save_checkpoint
    from tfelc.next_item.data.catalog_attributes import catalog_attributes
    from tfelc.next_item.data.sources import load_sequences
    from tfelc.next_item.models.initialization import neighbor_nearness
    from tfelc.next_item.run import NextItemRun, build_model, split
    from tfelc.next_item.settings import NextItemSettings

    path = write_sequences(folder / "sequences.parquet", named)
    sequences = load_sequences(path)
    small = (
        f"split.max_length={MAX_LENGTH}",
        "model.encoder.dim=8",
        "model.encoder.num_layers=1",
        "model.clusters.num_clusters=3",
    )
    config = NextItemSettings.load(None, [*small, *settings])
    attributes, _ = catalog_attributes(config.catalog, sequences.catalog.tolist(), lambda text: None)
    run = NextItemRun.create(folder / "run", config, sequences, str(path), attributes=attributes)
    model = build_model(config, sequences.num_items, np.ones(sequences.num_items, np.int64))
    random = np.random.default_rng(1)
    for variable in model.trainable_variables:
        variable.assign(random.normal(0, 0.6, variable.shape))
    if model.neighbors is not None:
        train = split(sequences, config.split).train
        model.neighbors.set_neighbors(neighbor_nearness(config.model.neighbors, train, sequences.num_items))
    save_checkpoint(run.best, {"model": model.variables}, {})
    return run


def export_unverified(run: Any, base: Path, index: Any = "brute_force", catalog_table: str | None = None) -> Any:
    """An export without a fresh process, where that is not what is tested."""
    from tfelc.lifecycle.export import publish
    from tfelc.next_item.export.exporter import export_recommender

    with patch.object(publish, "verify", lambda version, requests: {}):
        return export_recommender(run, base, index, catalog_table=catalog_table)
