"""A small table with every kind of column, and a run over it that was never trained but answers decidedly."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import yaml

ROWS = {"train": 600, "validation": 300, "test": 100}

SCHEMA = """
name: every_kind
user_key: user_id
tasks:
  click: {label: clicked}
  buy: {label: bought, conditioned_on: click, joint: click_and_buy}
tables:
  user: {hash_buckets: 50, hash_functions: 2}
  product: {min_count: 2}
  weekday: {values: [0, 1, 2, 3, 4, 5, 6]}
  tag: {dim: 4}
columns:
  impression: {kind: id}
  at: {kind: timestamp}
  clicked: {kind: label}
  bought: {kind: label}
  newcomer: {kind: group}
  importance: {kind: weight}
  user_id: {kind: category, role: user, type: integer, table: user}
  city: {kind: category, role: user, default: nowhere}
  history: {kind: list, role: user, table: product, max_length: 4}
  visits: {kind: number, role: activity, transform: log, buckets: 5}
  days_away: {kind: number, role: activity, type: integer}
  level: {kind: category, role: activity, type: integer, default: 0}
  product_id: {kind: category, role: item, table: product}
  tags: {kind: list, role: item, type: integer, table: tag, max_length: 3}
  price: {kind: number, role: item, default: 9.5, transform: none}
  hour: {kind: number, role: context}
  day: {kind: category, role: context, type: integer, table: weekday}
"""


def every_kind_schema(**columns: dict[str, Any]) -> Any:
    """The schema, with further columns of `every_kind_rows` that `SCHEMA` leaves out."""
    from tfelc.schema.schema import Schema

    content = yaml.safe_load(SCHEMA)
    content["columns"] |= columns
    return Schema.parse(content, "every_kind")


def every_kind_rows(count: int, seed: int) -> pa.Table:
    """Random rows with nulls in every feature that may have them; the labels follow from visits, price and user.

    The label `engaged` and the number `mood`, which it follows from, are in no column of `SCHEMA`.
    """
    random = np.random.default_rng(seed)

    def some(values: list[Any], share: float = 0.1) -> list[Any]:
        return [None if hide else value for value, hide in zip(values, random.random(count) < share, strict=True)]

    def products(size: int) -> list[str]:
        return [f"p{number}" for number in random.integers(0, 30, size)]

    users = random.integers(0, 80, count)
    visits = np.exp(random.normal(1, 1, count)).astype(np.float32)
    price = random.uniform(1, 20, count).astype(np.float32)
    lift = 1 / (1 + np.exp(-(np.log(visits) - price / 10 + (users % 2))))
    clicked = random.random(count) < lift
    mood = np.random.default_rng(seed).normal(size=count).astype(np.float32)
    return pa.table(
        {
            "impression": np.arange(count) + 1000 * seed,
            "at": np.arange(count),
            "clicked": clicked.astype(np.int8),
            "bought": (clicked & (random.random(count) < 0.4)).astype(np.int8),
            "newcomer": pa.array(some(["N"] * count, 0.7), pa.string()),
            "importance": np.ones(count, np.float32),
            "user_id": pa.array(some(users.tolist(), 0.05), pa.int64()),
            "city": pa.array(some([f"city {number}" for number in random.integers(0, 5, count)]), pa.string()),
            "history": pa.array([products(size) for size in random.integers(0, 8, count)], pa.list_(pa.string())),
            "visits": pa.array(some(visits.tolist()), pa.float32()),
            "days_away": pa.array(some(random.integers(0, 30, count).astype(float).tolist()), pa.float32()),
            "level": pa.array(some(random.integers(1, 4, count).tolist()), pa.int64()),
            "product_id": pa.array(some(products(count)), pa.string()),
            "tags": pa.array(
                [random.integers(0, 9, size).tolist() for size in random.integers(0, 4, count)], pa.list_(pa.int64())
            ),
            "price": pa.array(some(price.tolist()), pa.float32()),
            "hour": random.integers(0, 24, count).astype(np.float32),
            "day": random.integers(0, 7, count),
            "engaged": (mood > 0).astype(np.int8),
            "mood": mood,
        }
    )


def write_every_kind_dataset(out: Path, schema: Any = None, first_seed: int = 0) -> Any:
    """A prepared dataset of `every_kind_rows`, in row groups so small that an epoch has several."""
    from tfelc.data import dataset_writer
    from tfelc.data.dataset import Dataset

    with (
        patch.object(dataset_writer, "ROWS_PER_GROUP", 130),
        dataset_writer.DatasetWriter(out, schema or every_kind_schema(), source="every_kind", seed=0) as writer,
    ):
        for seed, (split, count) in enumerate(ROWS.items(), start=first_seed):
            writer.write(split, every_kind_rows(count, seed))
    return Dataset(out)


def write_untrained_run(path: Path, dataset: Any, heads: tuple[str, ...] = ("click", "buy"), *settings: str) -> Any:
    """A run folder whose best weights are random and large: no two values of a feature give the same score."""
    import keras

    from tfelc.data.row_groups import RowGroupReader
    from tfelc.features.fit import fit_features
    from tfelc.lifecycle.training.checkpoint import save_checkpoint
    from tfelc.ranker.models.ranking_model import RankingModel
    from tfelc.ranker.run import RankerRun
    from tfelc.ranker.settings import RankerSettings

    rates = ["optimizer.learning_rate=0.01", "optimizer.tables_learning_rate=0.01"]
    model_settings = ["model.clusters.num_clusters=5", "model.architecture.units=[16, 8]"]
    config = RankerSettings.load(None, [*rates, *model_settings, *settings])
    reader = RowGroupReader(dataset.files("train"), list(dataset.schema.features), seed=0)
    fitted = fit_features(dataset.schema, reader.tables(0, shuffle=False))
    run = RankerRun.create(path, config, dataset, list(heads), fitted)
    keras.utils.set_random_seed(5)
    model = RankingModel.build(dataset.schema, fitted, heads, config)
    for table in model.ranker.table_variables:
        table.assign(25 * table)
    save_checkpoint(run.best, {"ranker": model.ranker.variables}, {})
    return run
