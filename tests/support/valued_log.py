"""A raw log with quantities to predict: seconds watched, money spent, stars given, and a survey that few answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

SCHEMA = """
name: valued
user_key: user
score: watch_expected ** 0.5 + 0.1 * spend - 2 * hide
split: {by: row, validation: 0.2, test: 0.2}
tasks:
  click: {label: clicked}
  watch: {label: seconds, kind: watch_time, conditioned_on: click, joint: watch_expected}
  spend: {label: money, kind: lifetime_value}
  size: {label: size, kind: regression, scale: log}
  stars: {label: stars, kind: ordinal, levels: [1, 2, 3, 4, 5]}
  hide: {label: hidden, weight: trust}
columns:
  user: {kind: id}
  clicked: {kind: label}
  seconds: {kind: value}
  money: {kind: value}
  size: {kind: value}
  stars: {kind: value, nullable: true}
  hidden: {kind: label, nullable: true}
  trust: {kind: weight}
  visits: {kind: number, role: activity}
  quality: {kind: number, role: item}
  item: {kind: category, role: item, type: integer}
"""


def valued_content(**changes: Any) -> dict[str, Any]:
    """The schema's content, with other keys at its top."""
    return {**yaml.safe_load(SCHEMA), **changes}


def valued_log(rows: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Random rows; every outcome follows from `quality` and `visits`, and `hidden` is known in a third of them."""
    random = np.random.default_rng(seed)
    visits, quality = random.normal(size=(2, rows))
    clicked = random.random(rows) < 1 / (1 + np.exp(-quality - 0.5 * visits))
    seconds = np.exp(3 + 0.5 * quality + 0.3 * random.normal(size=rows))
    paid = random.random(rows) < 1 / (1 + np.exp(1 - visits))
    money = np.where(paid, np.exp(2 + 0.5 * quality + 0.5 * random.normal(size=rows)), 0)
    hidden = (random.random(rows) < 1 / (1 + np.exp(1 + quality))).astype(float)
    return pd.DataFrame(
        {
            "user": np.arange(rows) % 100,
            "clicked": clicked.astype(int),
            # Not defined where there is no click.
            "seconds": np.where(clicked, seconds, np.nan),
            "money": money,
            "size": np.exp(5 + quality) - 1,
            # Who does not answer gives none.
            "stars": np.where(np.arange(rows) % 7 == 0, np.nan, np.clip(np.rint(3 + quality + 0.5 * visits), 1, 5)),
            "hidden": np.where(np.arange(rows) % 3 == 0, hidden, np.nan),
            "trust": random.random(rows),
            "visits": visits,
            "quality": quality,
            "item": random.integers(0, 30, rows),
        }
    )


def write_valued_log(path: Path, rows: int = 2000) -> Path:
    """The log as a CSV file."""
    valued_log(rows).to_csv(path, index=False)
    return path
