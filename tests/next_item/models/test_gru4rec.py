"""GRU4Rec, worked out by hand for one unit."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest

from tests.support.sequence_models import ITEM_BATCH, ITEMS, TARGETS, assert_steps_lower_the_loss, values
from tfelc.losses.next_item.full_softmax import FullSoftmax
from tfelc.next_item.model_settings.gru4rec import GRU4RecSettings
from tfelc.next_item.models.gru4rec import GRU4Rec


def _model(num_items: int = ITEMS, **settings: object) -> GRU4Rec:
    keras.utils.set_random_seed(0)
    loaded = GRU4RecSettings.model_validate({"dropout": 0.0, **settings})
    model = loaded.create(num_items, 8, np.ones(num_items, np.int64), seed=0)
    assert isinstance(model, GRU4Rec)
    return model


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_a_state_of_two_steps_by_hand() -> None:
    model = _model(num_items=2, dim=1)
    model.item_table.embeddings.assign([[9.0], [1.0], [-2.0]])
    (unit,) = model.units
    # Of update, reset and candidate: kernels 0.5, -1, 2; recurrent kernels 1, 0.5, -1; biases 0.1, 0, 0 and 0.
    unit.cell.kernel.assign([[0.5, -1.0, 2.0]])
    unit.cell.recurrent_kernel.assign([[1.0, 0.5, -1.0]])
    unit.cell.bias.assign([[0.1, 0.0, 0.0], [0.0, 0.0, 0.0]])
    state = 0.0
    for x in (1.0, -2.0):
        update, reset = _sigmoid(0.5 * x + state + 0.1), _sigmoid(-x + 0.5 * state)
        state = update * state + (1 - update) * math.tanh(2 * x - reset * state)
    found = model(np.array([[0, 0, 1, 2]], "int32"))["embedding"]
    np.testing.assert_allclose(found, [[state]], rtol=1e-5)


@pytest.mark.parametrize("num_layers", [1, 2])
def test_pads_do_not_count(num_layers: int) -> None:
    model = _model(dim=4, num_layers=num_layers)
    short = np.array(model.encode(np.array([[3, 1, 2]], "int32")))
    np.testing.assert_allclose(
        model.encode(np.array([[0, 0, 3, 1, 2], [1, 1, 3, 1, 2]], "int32"))[:1], short, rtol=1e-5
    )
    other = np.array(model.encode(np.array([[3, 2, 1]], "int32")))
    assert np.abs(other - short).max() > 1e-3 * np.abs(short).max()  # the order counts


def test_each_position_is_the_end_of_a_history() -> None:
    model = _model(dim=4)
    items = np.array([[0, 0, 1, 2], [3, 4, 5, 6]], "int32")
    targets = np.array([[0, 0, 2, 7], [4, 5, 6, 8]], "int32")
    histories = ([1], [1, 2], [3], [3, 4], [3, 4, 5], [3, 4, 5, 6])
    rows = np.concatenate([model.encode(np.array([history], "int32")) for history in histories])
    wanted = FullSoftmax()(rows, model.candidates, np.array([2, 7, 4, 5, 6, 8], "int32"))
    assert values(model.compute_loss(items, targets)) == {"next_item": pytest.approx(float(wanted), rel=1e-5)}
    last = FullSoftmax()(model.encode(ITEM_BATCH), model.candidates, TARGETS)
    assert values(model.compute_loss(ITEM_BATCH, TARGETS)) == {"next_item": pytest.approx(float(last), rel=1e-5)}


def test_steps_lower_the_loss() -> None:
    assert_steps_lower_the_loss(_model(dim=8))
