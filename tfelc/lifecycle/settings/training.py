"""The settings of the training loop."""

from __future__ import annotations

from pydantic import Field

from tfelc.core.settings import Settings
from tfelc.lifecycle.settings.early_stopping import EarlyStoppingSettings


class TrainingSettings(Settings):
    """How a model is trained, as far as it is alike for every kind of model; each kind has defaults of its own.

    Attributes:
        epochs: Largest number of epochs.
        batch_size: Rows or samples per step.
        seed: Seed of everything random.
        deterministic: Whether the same seed on the same machine, with as many threads, gives the same bits. It costs
            about a quarter of a ranker's speed on two cores.
        checkpoint_seconds: A checkpoint is written this often inside an epoch, beside the one at its end.
        early_stopping: When to stop.
        yardsticks: Whether simple models are trained too and measured on the same test rows, which takes seconds.
    """

    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=1)
    seed: int = Field(7, ge=0, lt=2**32)
    deterministic: bool = True
    checkpoint_seconds: float = Field(60.0, ge=0)
    early_stopping: EarlyStoppingSettings
    yardsticks: bool = True
