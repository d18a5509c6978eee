import math

import keras
import numpy as np
import pytest

from tfelc.layers.intention_heads import IntentionHeads


def _sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def _heads(num_heads: int = 2, dim: int = 2, seed: int = 0) -> IntentionHeads:
    keras.utils.set_random_seed(seed)
    heads = IntentionHeads(num_heads, max_length=4)
    heads.build((None, None, dim))
    return heads


# Of two numbers a norm leaves which one is larger: (1, -1) or (-1, 1).
Z = np.array([[[9.0, 9.0], [2.0, 0.0], [0.0, 4.0], [3.0, 1.0]]], "float32")
VALID = np.array([[False, True, True, True]])


@pytest.mark.parametrize("future", [False, True])
def test_positions_are_summed_by_intention_and_weight_by_hand(future: bool) -> None:
    heads = _heads()
    heads.prototypes.assign([[1.0, 0.0], [0.0, 1.0]])
    heads.past_bias.assign([[0.5, 0.0], [0.0, 0.25]])
    heads.future_bias.assign([[-1.0, 0.0], [0.0, -1.0]])
    heads.key.kernel.assign(np.zeros((2, 2)))
    heads.head_norm = lambda rows: rows
    found = np.array(heads(Z, VALID, future=future))[0]
    # Products of norms are 2 or -2, over sqrt(2). By the first prototype, that of (1, -1):
    first = np.array([_sigmoid(2 * math.sqrt(2)), _sigmoid(-2 * math.sqrt(2)), _sigmoid(2 * math.sqrt(2))])
    # The last position, (1, -1), asks: the two like it get e^sqrt(2), the other e^-sqrt(2); the pad gets nothing.
    weights = np.exp(math.sqrt(2) * np.array([1, -1, 1]))
    weights /= weights.sum()
    z = Z[0, 1:]
    sums = np.stack([(first * weights) @ z, ((1 - first) * weights) @ z])
    bias = [[-1.0, 0.0], [0.0, -1.0]] if future else [[0.5, 0.0], [0.0, 0.25]]
    np.testing.assert_allclose(found, sums + bias, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")
def test_keys_go_through_their_network_and_know_how_far_back_they_are() -> None:
    heads = _heads(num_heads=1)
    heads.past_bias.assign(np.zeros((1, 2)))
    heads.head_norm = lambda rows: rows
    heads.key.kernel.assign(2 * np.eye(2))
    # k + relu(2 k): (1, -1) becomes (3, -1) and (-1, 1) becomes (-1, 3); with the query (1, -1) 4 and -4.
    weights = np.exp(np.array([4, -4, 4]) / math.sqrt(2))
    np.testing.assert_allclose(heads(Z, VALID)[0, 0], weights @ Z[0, 1:] / weights.sum(), rtol=1e-5)
    # One step back from the last the position tips the norm over, whatever the width of the batch.
    heads.positions.assign([[0.0, 0.0], [9.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    weights = np.exp(np.array([4, 4, 4]) / math.sqrt(2))
    for z, valid in ((Z, VALID), (Z[:, 1:], VALID[:, 1:])):
        np.testing.assert_allclose(heads(z, valid)[0, 0], weights @ Z[0, 1:] / weights.sum(), rtol=1e-5)


def test_pads_never_count_and_heads_are_normed() -> None:
    heads = _heads(num_heads=3, dim=8)
    rng = np.random.default_rng(0)
    z = rng.normal(size=(2, 4, 8)).astype("float32")
    before = np.array(heads(z, np.tile(VALID, (2, 1))))
    z[:, 0] += 5.0
    np.testing.assert_allclose(heads(z, np.tile(VALID, (2, 1))), before, rtol=1e-5)
    np.testing.assert_allclose(before.mean(axis=-1), 0, atol=1e-5)
    np.testing.assert_allclose(before.std(axis=-1), 1, rtol=1e-4)


def test_config_round_trip_and_what_it_refuses() -> None:
    heads = IntentionHeads.from_config(IntentionHeads(3, 7).get_config())
    assert (heads.num_heads, heads.max_length) == (3, 7)
    with pytest.raises(ValueError, match="`num_heads` must be at least 1. Received: num_heads=0"):
        IntentionHeads(0, 7)
