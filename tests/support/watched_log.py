"""A log whose users have histories of several lists each, in sequences of every pooling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from tfelc.schema.schema import Schema

SCHEMA = """
name: watched
user_key: user
tasks: {ctr: {label: clicked}}
tables: {product: {}, shop: {dim: 3}}
sequences:
  watched: [product_seen, shop_seen, dwell, gap]
  liked: {columns: [product_liked], pooling: transformer}
  bought: {columns: [product_bought, paid], pooling: mean}
columns:
  user: {kind: id}
  clicked: {kind: label}
  visits: {kind: number, role: activity}
  product_seen: {kind: list, role: user, table: product, max_length: 4}
  shop_seen: {kind: list, role: user, type: integer, table: shop, max_length: 4}
  dwell: {kind: list, role: user, type: float, transform: log, max_length: 4}
  gap: {kind: list, role: user, type: float, max_length: 4}
  product_liked: {kind: list, role: user, table: product, max_length: 3}
  product_bought: {kind: list, role: user, table: product}
  paid: {kind: list, role: user, type: float}
  product: {kind: category, role: item, table: product}
  shop: {kind: category, role: item, type: integer, table: shop}
  picture: {kind: vector, role: item, width: 3}
"""


def watched_schema(**changes: Any) -> Schema:
    """The schema, with other keys at its top."""
    return Schema.parse({**yaml.safe_load(SCHEMA), **changes}, "watched")


def watched_rows(count: int, seed: int) -> pa.Table:
    """Random rows, with holes within lists; a product that was seen for long is clicked."""
    random = np.random.default_rng(seed)
    rows: dict[str, list[Any]] = {name: [] for name in yaml.safe_load(SCHEMA)["columns"]}
    for _ in range(count):
        lengths = dict(zip(("seen", "liked", "bought"), random.integers(0, [7, 5, 4]).tolist(), strict=True))
        products = {name: [f"p{number}" for number in random.integers(0, 8, size)] for name, size in lengths.items()}
        dwell = random.exponential(10.0, lengths["seen"]).astype("float32").tolist()
        candidate = f"p{random.integers(0, 8)}"
        long = dict(zip(products["seen"], dwell, strict=True)).get(candidate, 0.0) > 5
        rows["user"].append(int(random.integers(0, 40)))
        rows["clicked"].append(int(random.random() < (0.9 if long else 0.2)))
        rows["visits"].append(float(random.exponential(3)))
        rows["product_seen"].append(_holed(products["seen"], random))
        rows["shop_seen"].append(_holed([int(product[1:]) % 3 for product in products["seen"]], random))
        rows["dwell"].append(_holed(dwell, random))
        rows["gap"].append(random.normal(size=lengths["seen"]).astype("float32").tolist())
        rows["product_liked"].append(products["liked"])
        rows["product_bought"].append(products["bought"])
        rows["paid"].append(random.normal(size=lengths["bought"]).astype("float32").tolist())
        rows["product"].append(candidate)
        rows["shop"].append(int(candidate[1:]) % 3)
        vector = random.normal(5.0, 2.0, 3).astype("float32").tolist()
        rows["picture"].append(None if random.random() < 0.2 else vector)
    return pa.table(rows)


def _holed(values: list[Any], random: Any) -> list[Any]:
    return [None if hole else value for value, hole in zip(values, random.random(len(values)) < 0.1, strict=True)]


def write_watched_dataset(out: Path, schema: Schema | None = None) -> Any:
    """A prepared dataset of such rows."""
    from tfelc.data.dataset import Dataset
    from tfelc.data.dataset_writer import DatasetWriter

    with DatasetWriter(out, schema or watched_schema(), source="watched", seed=0) as writer:
        for seed, (split, count) in enumerate({"train": 600, "validation": 200, "test": 200}.items()):
            writer.write(split, watched_rows(count, seed))
    return Dataset(out)
