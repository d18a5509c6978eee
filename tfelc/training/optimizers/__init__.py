"""The two optimisers of a run: one moves only the rows of the embedding tables that the batch looked up."""

from __future__ import annotations

from typing import Any

import keras

from tfelc.config import OptimizerConfig
from tfelc.training.optimizers.lazy_adam import LazyAdam
from tfelc.training.optimizers.sparse_adagrad import SparseAdagrad

__all__ = ["LazyAdam", "SparseAdagrad", "make_optimizers"]

_DENSE = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "adagrad": keras.optimizers.Adagrad,
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
}
_TABLES = {"lazy_adam": LazyAdam, "sparse_adagrad": SparseAdagrad}


def make_optimizers(config: OptimizerConfig, steps: int) -> tuple[Any, Any]:
    """Builds the optimiser of the dense variables and that of the embedding tables.

    Args:
        config: Their names, learning rates and schedule.
        steps: Steps of the whole run, over which the schedule decays.
    """
    dense = _DENSE[config.dense](_schedule(config.dense_learning_rate, config.schedule, steps))
    tables = _TABLES[config.tables](_schedule(config.tables_learning_rate, config.schedule, steps))
    return dense, tables


def _schedule(rate: float, name: str, steps: int) -> Any:
    if name == "linear":
        return keras.optimizers.schedules.PolynomialDecay(rate, steps, end_learning_rate=0.0)
    if name == "cosine":
        return keras.optimizers.schedules.CosineDecay(rate, steps)
    return rate
