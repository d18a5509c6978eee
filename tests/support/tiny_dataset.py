"""A small prepared dataset with every kind of column, whose labels can be learned in a few steps."""

from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import yaml

from tfelc.data import dataset_writer
from tfelc.data.dataset import Dataset
from tfelc.data.dataset_writer import DatasetWriter
from tfelc.schema import Schema

ROWS = {"train": 1500, "validation": 400, "test": 500}
_SCHEMA = """
name: tiny
user_key: user
tasks:
  ctr: {label: click}
  cvr: {label: conversion, given: ctr, joint: ctcvr}
tables:
  video: {}
  city: {hash_buckets: 8}
columns:
  user: {kind: id}
  at: {kind: timestamp}
  click: {kind: label}
  conversion: {kind: label}
  engaged: {kind: label}
  segment: {kind: group}
  age: {kind: number, role: user, buckets: 4}
  town: {kind: category, role: user, table: city}
  visits: {kind: number, role: activity, transform: log}
  orders: {kind: number, role: activity, default: 0}
  watched: {kind: list, role: activity, type: integer, table: video, max_length: 5}
  video_id: {kind: category, role: item, type: integer, table: video}
  price: {kind: number, role: item}
  hour: {kind: category, role: context, type: integer}
"""


def tiny_schema(**columns: dict[str, Any]) -> dict[str, Any]:
    """The schema as its YAML holds it, with further columns."""
    content: dict[str, Any] = yaml.safe_load(_SCHEMA)
    content["columns"] |= columns
    return content


def tiny_table(rows: int, seed: int) -> pa.Table:
    """Raw rows; `share` and `mood` are columns that `tiny_schema()` does not name."""
    rng = np.random.default_rng(seed)
    user = rng.integers(0, 60, rows)
    visits = rng.poisson(3, rows).astype(np.float32)
    price = rng.normal(size=rows).astype(np.float32)
    video = rng.integers(0, 30, rows)
    mood = rng.normal(size=rows).astype(np.float32)
    appeal = 0.7 * (visits - 3) - price + np.where(video % 3 == 0, 1.0, -0.5)
    click = rng.random(rows) < 1 / (1 + np.exp(-appeal))
    conversion = click & (rng.random(rows) < 1 / (1 + np.exp(-(price - 0.5 * mood))))
    engaged = rng.random(rows) < 1 / (1 + np.exp(-(visits - 3)))
    return pa.table(
        {
            "user": user,
            "at": np.arange(rows),
            "click": click.astype(np.int8),
            "conversion": conversion.astype(np.int8),
            "engaged": engaged.astype(np.int8),
            "segment": [(None, "N", "LA", "HA")[u % 4] for u in user],
            "age": [None if u % 7 == 0 else float(18 + u) for u in user],
            "town": [("Ulm", "Oslo", None)[u % 3] for u in user],
            "visits": visits,
            "orders": [None if o == 0 else float(o) for o in rng.poisson(1, rows)],
            "watched": [rng.integers(0, 40, n).tolist() for n in rng.integers(0, 8, rows)],
            "video_id": video,
            "price": price,
            "hour": rng.integers(0, 24, rows),
            "share": rng.random(rows).astype(np.float32),
            "mood": mood,
        }
    )


def write_tiny_dataset(
    out: Path, schema: dict[str, Any] | None = None, seed: int = 0, rows_per_group: int = 400
) -> Dataset:
    """Writes the dataset; row groups are small, so that an epoch has several.

    Args:
        out: The folder to make.
        schema: Content of its schema. Defaults to `tiny_schema()`.
        seed: Seed of the rows.
        rows_per_group: Rows of a row group.
    """
    parsed = Schema.parse(schema or tiny_schema(), "tiny")
    with (
        patch.object(dataset_writer, "ROWS_PER_GROUP", rows_per_group),
        DatasetWriter(out, parsed, source="tiny", seed=seed) as writer,
    ):
        for position, (split, rows) in enumerate(ROWS.items()):
            writer.write(split, tiny_table(rows, seed * 3 + position))
    return Dataset(out)
