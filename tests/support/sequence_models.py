"""Small untrained next-item models, and a batch for them."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfelc.next_item.model_settings.sequence_model import SequenceModelSettings
from tfelc.next_item.models.sequential_recommender import SequentialRecommender
from tfelc.next_item.settings import NextItemSettings

ITEMS, WIDTH = 12, 6
CALM = ("encoder.dropout=0", "encoder.attention_dropout=0")


def model_settings(*settings: str) -> SequenceModelSettings:
    """The settings of a model, from those of the group `model`."""
    return NextItemSettings.load(None, [f"model.{setting}" for setting in ("encoder.dim=4", *settings)]).model


def sequence_model(*settings: str, seed: int = 0, large: bool = True) -> Any:
    """A model; with `large` its weights tell items, positions and centers apart."""
    keras.utils.set_random_seed(seed)
    model = model_settings(*settings).create(ITEMS, 8, np.ones(ITEMS, np.int64), seed)
    if large:
        rng = np.random.default_rng(seed)
        for weight in model.trainable_variables:
            weight.assign(rng.normal(size=weight.shape) * 0.6)
    return model


def batch(seed: int = 0, rows: int = 5) -> tuple[Any, Any]:
    """Histories of different lengths, and what follows them."""
    rng = np.random.default_rng(seed)
    items = np.zeros((rows, WIDTH), "int32")
    for row in range(rows):
        length = rng.integers(1, WIDTH + 1)
        items[row, WIDTH - length :] = rng.integers(1, ITEMS + 1, length)
    return items, rng.integers(1, ITEMS + 1, rows).astype("int32")


ITEM_BATCH, TARGETS = batch()


def values(terms: dict[str, Any]) -> dict[str, float]:
    """Terms of a loss as numbers."""
    return {name: float(value) for name, value in terms.items()}


def assert_steps_lower_the_loss(model: SequentialRecommender, share: float = 0.5) -> None:
    """Checks that each weight of an untrained model has a gradient, and steps along it lower the loss to that share."""
    optimizer = keras.optimizers.Adam(0.02)
    optimizer.build(model.trainable_variables)

    @tf.function
    def step() -> Any:
        with tf.GradientTape() as tape:
            terms = model.compute_loss(ITEM_BATCH, TARGETS)
            loss = sum(terms.values())
        weights = model.trainable_variables
        gradients = tape.gradient(loss, [weight.value for weight in weights])
        assert all(gradient is not None for gradient in gradients)
        optimizer.apply(gradients, weights)
        return terms["next_item"]

    losses = [float(step()) for _ in range(40)]
    assert losses[0] == pytest.approx(np.log(ITEMS), rel=0.05)  # small weights score all items alike
    assert losses[-1] < share * losses[0]
