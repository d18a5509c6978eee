"""The settings of the optimizer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tfelc.core.settings import Settings


class OptimizerSettings(Settings):
    """The optimizer of the dense weights.

    Attributes:
        name: Keras's name of the optimizer, or `lazy_adam`: Adam that moves, of a table from which a batch takes rows,
            those rows alone.
        learning_rate: Learning rate of the dense weights.
        schedule: How the learning rate goes on: `constant`, or `linear` or `cosine` decay to zero over the run's steps.
        weight_decay: Decoupled decay of all weights but biases and norms; 0 is none. With `adam` it makes AdamW.
        clip_norm: Largest norm of the gradients, all together; 0 leaves them alone.
    """

    name: Literal["adam", "adamw", "lazy_adam", "adagrad", "sgd", "rmsprop"] = "adam"
    learning_rate: float = Field(0.001, gt=0)
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    weight_decay: float = Field(0.0, ge=0)
    clip_norm: float = Field(0.0, ge=0)
