from typing import Any

import keras
import numpy as np
import pytest

from tests.layers.layer_check import check_layer
from tfelc.layers.target_attention import TargetAttention


@pytest.fixture(autouse=True)
def _same_weights_each_time() -> None:
    keras.utils.set_random_seed(1)


def _inputs(rows: int, candidates: int | None = None) -> dict[str, Any]:
    random = np.random.default_rng(0)
    history = random.normal(size=(rows, 4, 5)).astype("float32")
    valid = random.random((rows, 4)) < 0.7
    candidate = random.normal(size=(candidates or rows, 3)).astype("float32")
    return {"history": history, "valid": valid, "aligned": history[..., :3], "candidate": candidate}


def test_keeps_the_habits_of_a_layer() -> None:
    kwargs = {"max_length": 4, "hidden": 6}
    # The bias of the scores adds the same to all of them; the other seven act.
    check_layer(TargetAttention, kwargs, _inputs(8), (8, 5), expected_trainable_count=7)


def test_by_hand() -> None:
    layer = TargetAttention(max_length=2, hidden=1)
    history = np.array([[[1.0, 10.0], [2.0, 20.0], [7.0, 7.0]]], "float32")
    inputs = {
        "history": history,
        "valid": np.array([[True, True, False]]),
        "aligned": history[..., :1],
        "candidate": np.array([[3.0], [-1.0]], "float32"),
    }
    layer(inputs)
    layer.of_history.kernel.assign([[0.0], [0.1]])
    layer.of_candidate.kernel.assign([[1.0]])
    layer.of_product.kernel.assign([[1.0]])
    layer.positions.assign([[100.0], [0.5], [0.25]])  # A pad, the latest one, the one before it.
    layer.score.kernel.assign([[2.0]])
    layer.score.bias.assign([1.0])
    # For 3: relu(1 + 3 + 3 + 0.25) = 7.25 and relu(2 + 3 + 6 + 0.5) = 11.5, so weights of 15.5 and 24.
    # For -1: relu(1 - 1 - 1 + 0.25) = 0 and relu(2 - 1 - 2 + 0.5) = 0, so weights of 1 and 1.
    np.testing.assert_allclose(layer(inputs), [[15.5 + 48, 155 + 480], [1 + 2, 10 + 20]], rtol=1e-6)


def test_one_history_for_all_candidates_is_that_history_repeated_and_pads_do_not_matter() -> None:
    layer, inputs = TargetAttention(max_length=4, hidden=6), _inputs(1, 7)
    layer(inputs)
    layer.positions.assign(np.random.default_rng(1).normal(size=(5, 6)))
    repeated = {name: np.repeat(each, 7 // len(each), axis=0) for name, each in inputs.items()}
    found = layer(inputs)
    np.testing.assert_allclose(found, layer(repeated), rtol=1e-5, atol=1e-6)
    # The same places without the pads between them.
    kept = {name: each[:, inputs["valid"][0]] for name, each in inputs.items() if name != "candidate"}
    np.testing.assert_allclose(layer({**kept, "candidate": inputs["candidate"]}), found, rtol=1e-5, atol=1e-6)
    inputs["valid"][:] = False
    assert not np.any(layer(inputs))
