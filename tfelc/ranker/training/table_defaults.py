"""What `auto` comes to for a table: settings by the number of its training rows."""

from __future__ import annotations

from typing import Any

from tfelc.core.auto import AUTO
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.without_auto import BEFORE, without_auto
from tfelc.schema.schema import Schema

# From so many training rows on, an epoch or two in large batches teach what there is to learn.
LARGE = 200_000
# A small table's model is judged after at least so many steps, before it has learned rare values by heart; it is given
# up after so many without a gain, and trained for about so many in all.
_STEPS, _PATIENT_STEPS, _MOST_STEPS = 100, 600, 12_000
# Batches are small until a pass over the rows has so many.
_STEPS_OF_A_PASS = 300
# Bins of all numbers together: they are the widest input, and what a step costs.
_MOST_BINS = 1500
_SMALLEST_BATCH, _LARGEST_BATCH = 64, 1024
_LARGE_TABLE: dict[str, Any] = {
    **BEFORE,
    "optimizer.learning_rate": 0.004,
    "optimizer.tables_learning_rate": 0.02,
    "training.epochs": 2,
    "training.batch_size": 1024,
    "training.early_stopping.patience": 2,
}


def table_defaults(settings: RankerSettings, rows: int, numbers: int) -> dict[str, Any]:
    """The value of each setting that may be `auto`, by its dotted name, for a table.

    A large table is trained as it always was. A small one takes smaller batches, so that there are steps enough, at
    smaller rates, as its batches are noisier; it is judged often and patiently, by a moving average of its weights; it
    sees numbers through bins, has a linear part, and leaves rare values out, which it would learn by heart.

    Args:
        settings: RankerSettings. As they were given; what is set is no part of the answer, but may bear on the rest.
        rows: int. Training rows of the table.
        numbers: int. Its columns of kind `number`.

    Example:
        >>> small, large = (table_defaults(RankerSettings(), rows, 10) for rows in (2_000, 1_000_000))
        >>> [(found["training.batch_size"], found["training.passes"]) for found in (small, large)]
        [(64, 4), (1024, 1)]
    """
    if rows >= LARGE:
        return _LARGE_TABLE
    batch_size = settings.training.batch_size
    if batch_size == AUTO:
        batch_size = _batch_size(rows)
    # Whoever says how many epochs there are means passes over the rows, and patience with some of those.
    counted = settings.training.epochs != AUTO
    passes = 1 if counted else -(-_STEPS * batch_size // rows)
    steps = -(-rows * passes // batch_size)
    return {
        "model.min_count": 5,
        "model.number_bins": min(max(rows // 250, 16), 64, max(_MOST_BINS // max(numbers, 1), 8)),
        "model.linear": True,
        "optimizer.learning_rate": 0.001,
        "optimizer.tables_learning_rate": 0.001,
        "optimizer.average": 0.995,
        "training.epochs": -(-_MOST_STEPS // steps),
        "training.batch_size": batch_size,
        "training.passes": passes,
        "training.early_stopping.patience": 2 if counted else 1 + -(-_PATIENT_STEPS // steps),
    }


def resolved_settings(settings: RankerSettings, rows: int, schema: Schema) -> tuple[RankerSettings, dict[str, Any]]:
    """The settings with a value in the place of each `auto`.

    Args:
        settings: RankerSettings. As they were given.
        rows: int. Training rows of the table.
        schema: Schema. Its columns.

    Returns:
        The settings, and the dotted name and value of each that was `auto`.
    """
    return without_auto(settings, table_defaults(settings, rows, len(schema.of_kind("number"))))


def _batch_size(rows: int) -> int:
    """The largest power of two that leaves a pass its steps, within limits; all rows of a tiny table."""
    size = min(_SMALLEST_BATCH, rows)
    while size * 2 <= min(rows // _STEPS_OF_A_PASS, _LARGEST_BATCH):
        size *= 2
    return size
