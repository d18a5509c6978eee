import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.layers.layer_check import check_layer
from tfelc.layers.sequence_encoder import SequenceEncoder

ITEMS = 9


def _encoder(layers: int = 2, max_length: int = 8, seed: int = 0) -> SequenceEncoder:
    """An encoder whose weights are large enough to tell positions and items apart."""
    keras.utils.set_random_seed(seed)
    encoder = SequenceEncoder(
        ITEMS, max_length, dim=6, num_layers=layers, num_heads=2, dropout=0.0, attention_dropout=0.0
    )
    encoder.build((None, None))
    rng = np.random.default_rng(seed)
    for weight in encoder.trainable_variables:
        weight.assign(rng.normal(size=weight.shape) * 0.7)
    return encoder


ENCODER = _encoder()
HISTORY = tf.TensorSpec([None, None], tf.int32)
FULL = tf.function(ENCODER, input_signature=[HISTORY])
LAST = tf.function(lambda items: ENCODER(items, last_only=True), input_signature=[HISTORY])


def _padded(histories: list[list[int]], width: int):
    return np.array([[0] * (width - len(history)) + history for history in histories], "int32")


def test_keeps_the_habits_of_a_layer() -> None:
    kwargs = {
        "num_items": ITEMS,
        "max_length": 5,
        "dim": 4,
        "num_layers": 1,
        "num_heads": 2,
        "dropout": 0.0,
        "attention_dropout": 0.0,
    }
    items = _padded([[1, 2, 3, 4], [5], [6, 7], [8, 9, 1, 1]], 4)
    check_layer(SequenceEncoder, kwargs, items, (4, 4, 4), expected_trainable_count=2 + 2 + 15)


def test_embeddings_by_hand() -> None:
    # Blocks of zeros only normalize, so that the output is norm(item + position), positions counted from the end.
    encoder = SequenceEncoder(3, 4, dim=2, num_layers=1, num_heads=1)
    encoder.build((None, None))
    for weight in encoder.blocks[0].trainable_variables:
        if "norm" not in weight.path:
            weight.assign(np.zeros(weight.shape))
    encoder.item_table.assign([[9, 9], [1, 0], [0, 1], [0, 0], [9, 9]])
    encoder.position_table.assign([[0, 0], [0, 3], [0, 0], [5, 0]])
    # (1,0)+(0,0) -> (1,-1); (1,0)+(0,3) = (1,3) -> (-1,1); (0,1)+(5,0) at the fourth place from the end -> (1,-1).
    found = np.array(encoder(np.array([[2, 3, 1, 1]], "int32")))
    np.testing.assert_allclose(found[0, [0, 2, 3]], [[1, -1], [-1, 1], [1, -1]], atol=1e-5)
    assert encoder.mask_item == 4
    np.testing.assert_array_equal(encoder.candidates, [[9, 9], [1, 0], [0, 1], [0, 0]])


HISTORIES = st.lists(st.lists(st.integers(1, ITEMS), min_size=1, max_size=6), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(HISTORIES, st.integers(0, 2))
def test_the_width_of_a_batch_changes_nothing(histories: list[list[int]], more: int) -> None:
    width = max(map(len, histories))
    last = np.array(LAST(_padded(histories, width + more)))
    full = np.array(FULL(_padded(histories, width)))
    np.testing.assert_allclose(last, full[:, -1], rtol=1e-3, atol=1e-4)
    for row, history in enumerate(histories):
        alone = np.array(FULL(np.array([history], "int32")))[0]
        np.testing.assert_allclose(full[row, width - len(history) :], alone, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("num_layers", [1, 2])
def test_gradients_of_the_last_position_alone(num_layers: int) -> None:
    encoder = _encoder(num_layers)
    items = _padded([[1, 2, 3, 4, 5], [6, 7], [8]], 5)
    wanted = np.random.default_rng(2).normal(size=(3, 6)).astype("float32")
    outcomes = []
    for last_only in (False, True):
        with tf.GradientTape() as tape:
            output = encoder(items, last_only=last_only)
            loss = tf.reduce_sum((output if last_only else output[:, -1]) * wanted)
        gradients = tape.gradient(loss, [weight.value for weight in encoder.trainable_variables])
        outcomes.append([tf.convert_to_tensor(gradient) for gradient in gradients])
    for weight, full, last in zip(encoder.trainable_variables, *outcomes, strict=True):
        np.testing.assert_allclose(last, full, rtol=1e-3, atol=5e-5, err_msg=weight.path)


def test_nothing_flows_to_the_pad_or_from_later_items() -> None:
    items = _padded([[1, 2, 3, 4], [6, 7]], 4)
    with tf.GradientTape() as tape:
        hidden = ENCODER(items)
        loss = tf.reduce_sum(tf.boolean_mask(hidden, items > 0) ** 3)
    gradient = tf.convert_to_tensor(tape.gradient(loss, ENCODER.item_table.value)).numpy()
    assert not gradient[0].any() and gradient[1].any()
    before = np.array(hidden)
    changed = items.copy()
    changed[:, 2] = 9
    after = np.array(ENCODER(changed))
    np.testing.assert_array_equal(after[:, :2][items[:, :2] > 0], before[:, :2][items[:, :2] > 0])
    assert np.abs(after[:, 3] - before[:, 3]).min(axis=1).max() > 1e-4


def test_a_mask_counts_as_an_item() -> None:
    masked = np.array([[1, ITEMS + 1, 3]], "int32")
    without = np.array([[0, 1, 3]], "int32")
    assert np.abs(np.array(ENCODER(masked, last_only=True)) - np.array(ENCODER(without, last_only=True))).max() > 0.01


def test_any_width_in_one_graph() -> None:
    for items in (_padded([[1, 2, 3]], 3), _padded([[1], [2, 3]], 8)):
        np.testing.assert_allclose(FULL(items), ENCODER(items), rtol=1e-4, atol=1e-5)


def test_what_it_refuses() -> None:
    with pytest.raises(ValueError, match="`num_items` must be at least 1. Received: num_items=0"):
        SequenceEncoder(0, 5)
    with pytest.raises(ValueError, match="`num_layers` must be at least 1. Received: num_layers=0"):
        SequenceEncoder(3, 5, num_layers=0)
    # Even where the one position would be broadcast over all items.
    for max_length in (1, 5):
        with pytest.raises(ValueError, match=f"at most max_length={max_length} wide. Received: shape=.1, 6."):
            _encoder(max_length=max_length)(_padded([[1]], 6))
