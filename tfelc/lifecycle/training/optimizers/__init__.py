"""The two optimizers of a run: one moves only the rows of the embedding tables that the batch looked up."""

from __future__ import annotations

from typing import Any

import keras

from tfelc.lifecycle.training.optimizers.lazy_adam import LazyAdam
from tfelc.lifecycle.training.optimizers.sparse_adagrad import SparseAdagrad
from tfelc.ranker.settings import OptimizerConfig

__all__ = ["LazyAdam", "SparseAdagrad", "learning_rate", "make_optimizers"]

_DENSE = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "adagrad": keras.optimizers.Adagrad,
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
}
_TABLES = {"lazy_adam": LazyAdam, "sparse_adagrad": SparseAdagrad}


def make_optimizers(config: OptimizerConfig, steps: int) -> tuple[Any, Any]:
    """Builds the optimizer of the dense variables and that of the embedding tables.

    Args:
        config: Their names, learning rates and schedule.
        steps: Steps of the whole run, over which the schedule decays.
    """
    dense = _DENSE[config.dense](learning_rate(config.dense_learning_rate, config.schedule, steps))
    tables = _TABLES[config.tables](learning_rate(config.tables_learning_rate, config.schedule, steps))
    return dense, tables


def learning_rate(rate: float, schedule: str, steps: int) -> Any:
    """A learning rate as Keras's optimizers take it: `constant`, or `linear` or `cosine` decay to zero over `steps`."""
    if schedule == "linear":
        return keras.optimizers.schedules.PolynomialDecay(rate, steps, end_learning_rate=0.0)
    if schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(rate, steps)
    return rate
