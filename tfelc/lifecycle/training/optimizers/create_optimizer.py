"""Optimizers by their settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from tfelc.core.errors import ConfigError
from tfelc.lifecycle.settings.optimizer import OptimizerSettings
from tfelc.lifecycle.training.optimizers.delayed_schedule import DelayedSchedule
from tfelc.lifecycle.training.optimizers.lazy_adam import LazyAdam
from tfelc.lifecycle.training.optimizers.sparse_adagrad import SparseAdagrad

_TABLES = {"lazy_adam": LazyAdam, "sparse_adagrad": SparseAdagrad}
_DENSE = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "lazy_adam": LazyAdam,
    "adagrad": keras.optimizers.Adagrad,
    "sgd": keras.optimizers.SGD,
    "rmsprop": keras.optimizers.RMSprop,
}


def create_optimizer(
    settings: OptimizerSettings, steps: int, variables: Sequence[Any], before: int = 0
) -> keras.optimizers.Optimizer:
    """Builds the optimizer of dense weights, with its variables.

    Args:
        settings: Its name, learning rate, schedule, weight decay and clipping.
        steps: Steps of the whole run, over which the schedule decays.
        variables: What it trains. Biases and norms, known by their single dimension, do not decay.
        before: Steps that it counts from an earlier run; the schedule begins after them. Defaults to 0.
    """
    rate = learning_rate(settings.learning_rate, settings.schedule, steps, before)
    decay = settings.weight_decay
    name = "adamw" if decay and settings.name == "adam" else settings.name
    arguments = {"weight_decay": decay} if decay or name == "adamw" else {}
    optimizer = _DENSE[name](rate, global_clipnorm=settings.clip_norm or None, **arguments)
    if arguments:
        # By their shapes, since Keras knows a norm's weights as `gamma` and `beta` alone.
        optimizer.exclude_from_weight_decay(var_list=[variable for variable in variables if len(variable.shape) == 1])
    optimizer.build(list(variables))
    return optimizer


def create_table_optimizer(
    name: str, rate: float, schedule: str, steps: int, variables: Sequence[Any], before: int = 0
) -> Any:
    """Builds the optimizer of embedding tables, with its variables.

    Args:
        name: `lazy_adam` or `sparse_adagrad`.
        rate: Learning rate.
        schedule: How it decays, as `learning_rate` takes it.
        steps: Steps of the whole run.
        variables: The tables.
        before: Steps that it counts from an earlier run; the schedule begins after them. Defaults to 0.
    """
    optimizer = _TABLES[name](learning_rate(rate, schedule, steps, before))
    optimizer.build(list(variables))
    return optimizer


def learning_rate(rate: float, schedule: str, steps: int, before: int = 0) -> Any:
    """A learning rate as Keras's optimizers take it: `constant`, or `linear` or `cosine` decay to zero over `steps`.

    Args:
        rate: The rate at the beginning.
        schedule: How it decays.
        steps: Steps of the whole run.
        before: Steps that the optimizer has counted when the run begins. Defaults to 0.

    Raises:
        ConfigError: The rate is not above 0, as one that is still `auto`: training would climb the loss.
    """
    if not rate > 0:
        raise ConfigError(f"a learning rate must be above 0, and `auto` have its value by now. Received: {rate}")
    if schedule == "constant":
        return rate
    if schedule == "linear":
        decay = keras.optimizers.schedules.PolynomialDecay(rate, steps, end_learning_rate=0.0)
    else:
        decay = keras.optimizers.schedules.CosineDecay(rate, steps)
    return DelayedSchedule(decay, before) if before else decay
