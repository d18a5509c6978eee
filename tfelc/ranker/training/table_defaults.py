"""What `auto` comes to for a table: settings by the number of its training rows."""

from __future__ import annotations

from typing import Any

from tfelc.core.auto import AUTO
from tfelc.ranker.settings import RankerSettings

# From so many training rows on, an epoch or two in large batches teach what there is to learn.
LARGE = 200_000
# A model is not judged before it has taken so many steps, or a small table would stop what has hardly begun.
_STEPS = 600
_SMALLEST_BATCH, _LARGEST_BATCH = 64, 1024


def table_defaults(settings: RankerSettings, rows: int) -> dict[str, Any]:
    """The value of each setting that may be `auto`, by its dotted name, for a table of so many training rows.

    A large table is trained as it always was. A small one takes smaller batches, so that there are steps enough, at
    smaller rates, as its batches are noisier; it is judged after some hundred steps at the earliest, by a moving
    average of its weights; it sees numbers through bins, has a linear part, and leaves rare values out, which it
    would learn by heart.

    Example:
        >>> small, large = (table_defaults(RankerSettings(), rows) for rows in (8_000, 1_000_000))
        >>> [(found["training.batch_size"], found["training.passes"]) for found in (small, large)]
        [(64, 5), (1024, 1)]
    """
    small = rows < LARGE
    batch_size = settings.training.batch_size
    if batch_size == AUTO:
        batch_size = _batch_size(rows) if small else _LARGEST_BATCH
    # Whoever says how many epochs there are means passes over the rows.
    rounds = small and settings.training.epochs == AUTO
    return {
        "model.min_count": 5 if small else 1,
        "model.number_bins": 32 if small else 0,
        "model.linear": small,
        "optimizer.learning_rate": 0.001 if small else 0.004,
        "optimizer.tables_learning_rate": 0.002 if small else 0.02,
        "optimizer.average": 0.995 if small else 0.0,
        "training.epochs": 20 if small else 2,
        "training.batch_size": batch_size,
        "training.passes": -(-_STEPS * batch_size // rows) if rounds else 1,
    }


def resolved_settings(settings: RankerSettings, rows: int) -> tuple[RankerSettings, dict[str, Any]]:
    """The settings with a value in the place of each `auto`.

    Args:
        settings: RankerSettings. As they were given.
        rows: int. Training rows of the table.

    Returns:
        The settings, and the dotted name and value of each that was `auto`.
    """
    content = settings.to_dict()
    found = {}
    for name, value in table_defaults(settings, rows).items():
        *groups, last = name.split(".")
        group = content
        for key in groups:
            group = group[key]
        if group[last] == "auto":
            group[last] = found[name] = value
    return (RankerSettings.model_validate(content) if found else settings), found


def _batch_size(rows: int) -> int:
    """The power of two by which an epoch comes nearest to the steps that are wanted, from below."""
    size = _SMALLEST_BATCH
    while size * 2 <= min(rows // _STEPS, _LARGEST_BATCH):
        size *= 2
    return size
