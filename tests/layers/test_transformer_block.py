import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tfelc.layers.transformer_block import TransformerBlock

KERNELS = ("query", "key", "value", "output", "inner", "outer")


def _block(dim: int = 3, heads: int = 1, inner_dim: int = 3, **kernels: float) -> TransformerBlock:
    """A block whose kernels are multiples of the identity, 0 unless given."""
    block = TransformerBlock(heads, inner_dim)
    block.build((None, None, dim))
    for name in KERNELS:
        kernel = getattr(block, f"{name}_kernel")
        kernel.assign(kernels.get(name, 0.0) * np.eye(*kernel.shape))
    return block


def _random_block(dropout: float = 0.0) -> TransformerBlock:
    keras.utils.set_random_seed(0)
    block = TransformerBlock(3, 8, dropout, dropout)
    block.build((None, None, 6))
    rng = np.random.default_rng(0)
    for weight in block.trainable_variables:
        weight.assign(rng.normal(size=weight.shape) * 0.7)
    return block


def _histories(lengths: list[int], width: int, dim: int = 6, seed: int = 1):
    inputs = np.random.default_rng(seed).normal(size=(len(lengths), width, dim)).astype("float32")
    return inputs, np.arange(width) >= width - np.array(lengths)[:, None]


X = np.array([[[2.0, 0, -2], [0, 2, -2]]], "float32")
ALL = np.array([[True, True]])


def test_attention_by_hand() -> None:
    # Zero queries attend to all visible positions alike. Row 0 sees itself: 2 (2, 0, -2), of deviation 4 sqrt(2/3).
    # Row 1: (0, 2, -2) + the mean (1, 1, -2) = (1, 3, -4), of deviation sqrt(26/3).
    found = _block(value=1.0, output=1.0)(X, ALL)
    first = np.array([4.0, 0, -4]) / math.sqrt(32 / 3)
    np.testing.assert_allclose(found[0], [first, np.array([1, 3, -4]) / math.sqrt(26 / 3)], rtol=1e-5)
    # Of real queries the scores are 4 / sqrt(3) and 8 / sqrt(3).
    share = 1 / (1 + math.exp(4 / math.sqrt(3)))
    mixed = X[0, 1] + share * X[0, 0] + (1 - share) * X[0, 1]
    found = _block(query=1.0, key=1.0, value=1.0, output=1.0)(X, ALL)
    np.testing.assert_allclose(found[0, 1], mixed / mixed.std(), rtol=1e-5)


def test_feed_forward_by_hand() -> None:
    # Without attention: h = norm(x), then norm(h + gelu(h)), with the exact gelu x Phi(x).
    h = X[0, 0] / X[0, 0].std()
    gelu = [value * 0.5 * (1 + math.erf(value / math.sqrt(2))) for value in h]
    wanted = h + np.array(gelu)
    wanted = (wanted - wanted.mean()) / wanted.std()
    np.testing.assert_allclose(_block(inner=1.0, outer=1.0)(X, ALL)[0, 0], wanted, rtol=1e-5)


def test_heads_attend_on_their_own() -> None:
    block = _random_block()
    inputs, valid = _histories([4, 2], 4)
    weights = {weight.name: np.array(weight, np.float64) for weight in block.trainable_variables[:11]}
    found = np.array(block(inputs, valid))

    def norm(rows, layer):
        centerd = rows - rows.mean(-1, keepdims=True)
        return centerd / centerd.std(-1, keepdims=True) * np.array(layer.gamma) + np.array(layer.beta)

    for row, length in ((0, 4), (1, 2)):
        x = inputs[row, 4 - length :].astype(np.float64)
        mixed = np.empty_like(x)
        for head in range(3):
            own = slice(2 * head, 2 * head + 2)
            query = x @ weights["query_kernel"][:, own] + weights["query_bias"][own]
            key = x @ weights["key_kernel"][:, own]
            value = x @ weights["value_kernel"][:, own] + weights["value_bias"][own]
            for place in range(length):
                scores = np.exp(query[place] @ key[: place + 1].T / math.sqrt(2))
                mixed[place, own] = scores / scores.sum() @ value[: place + 1]
        hidden = norm(x + mixed @ weights["output_kernel"] + weights["output_bias"], block.mixing_norm)
        inner = hidden @ weights["inner_kernel"] + weights["inner_bias"]
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        outer = inner @ weights["outer_kernel"] + weights["outer_bias"]
        wanted = norm(hidden + outer, block.feed_forward_norm)
        np.testing.assert_allclose(found[row, 4 - length :], wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("lengths", [[5, 5], [5, 2, 1], [3, 0]])
def test_the_last_position_alone_is_the_last_row_of_all_of_them(lengths: list[int]) -> None:
    block = _random_block()
    inputs, valid = _histories(lengths, 5)
    wanted = np.random.default_rng(2).normal(size=(len(lengths), 6)).astype("float32")
    outcomes = []
    for last_only in (False, True):
        with tf.GradientTape() as tape:
            entered = tf.constant(inputs)
            tape.watch(entered)
            output = block(entered, valid, last_only=last_only)
            output = output if last_only else output[:, -1]
            loss = tf.reduce_sum(output * wanted)
        outcomes.append([output, *tape.gradient(loss, [entered, *(w.value for w in block.trainable_variables)])])
    for full, last in zip(*outcomes, strict=True):
        assert np.all(np.isfinite(full))
        np.testing.assert_allclose(last, full, rtol=1e-3, atol=2e-5)


def test_so_it_is_where_attention_weights_are_dropped() -> None:
    block = _random_block()
    inputs, valid = _histories([4, 2], 4)
    calm = np.array(block(inputs, valid)[:, -1])
    kept = np.array([0, 2.0, 0, 0.5], "float32")  # weights that no longer sum to 1, as after dropout
    block.weights_dropout = lambda weights, training=None: weights * kept
    full = np.array(block(inputs, valid)[:, -1])
    np.testing.assert_allclose(block(inputs, valid, last_only=True), full, rtol=1e-4, atol=1e-5)
    assert np.abs(full - calm).max() > 0.01


@pytest.mark.parametrize("last_only", [False, True])
def test_pads_never_count(last_only: bool) -> None:
    block = _random_block()
    inputs, valid = _histories([3, 1], 3)
    found = np.array(block(inputs, valid, last_only=last_only))
    noise = np.random.default_rng(3).normal(size=(2, 4, 6)).astype("float32") * 10
    wide = np.concatenate([noise, np.where(valid[:, :, None], inputs, 99)], axis=1)
    wider = block(wide, np.concatenate([np.zeros((2, 4), bool), valid], axis=1), last_only=last_only)
    if not last_only:
        found, wider = found[valid], np.array(wider)[:, 4:][valid]
    np.testing.assert_allclose(wider, found, rtol=1e-4, atol=1e-5)


def test_no_position_sees_a_later_one() -> None:
    block = _random_block()
    inputs, valid = _histories([5, 3], 5)
    before = np.array(block(inputs, valid))
    for place in range(5):
        changed = inputs.copy()
        changed[:, place] += 1
        after = np.array(block(changed, valid))
        earlier = valid & (np.arange(5) < place)
        np.testing.assert_array_equal(after[earlier], before[earlier])
        assert np.abs(after[0, place:] - before[0, place:]).max(axis=1).min() > 1e-3


@pytest.mark.parametrize("last_only", [False, True])
def test_both_ways_each_position_sees_all_items_alike(last_only: bool) -> None:
    # Zero queries attend to all items alike: the mean (1, 1, -2) is added to both rows.
    found = _block(value=1.0, output=1.0)(X, ALL, causal=False, last_only=last_only)
    rows = X[0] + [1.0, 1, -2]
    wanted = (rows - rows.mean(axis=1, keepdims=True)) / rows.std(axis=1, keepdims=True)
    np.testing.assert_allclose(found[0], wanted[1] if last_only else wanted, rtol=1e-5)
    block = _random_block()
    inputs, valid = _histories([3, 5], 5)
    ahead = np.array(block(inputs, valid, causal=False))
    inputs[0, 0] += 1.0  # a pad
    np.testing.assert_allclose(block(inputs, valid, causal=False)[0, 2:], ahead[0, 2:], rtol=1e-5)
    inputs[1, 4] += 1.0
    assert np.all(np.abs(np.array(block(inputs, valid, causal=False))[1] - ahead[1]).max(axis=1) > 1e-4)


def test_dropout_acts_in_training_alone() -> None:
    block = _random_block(dropout=0.5)
    inputs, valid = _histories([4, 4], 4)
    calm = np.array(block(inputs, valid))
    np.testing.assert_array_equal(block(inputs, valid, training=False), calm)
    assert np.abs(block(inputs, valid, training=True) - calm).max() > 0.1


def test_half_precision_keeps_its_softmax_in_float32() -> None:
    keras.utils.set_random_seed(0)
    block = TransformerBlock(1, 4, dtype="mixed_bfloat16")
    inputs, valid = _histories([300], 300, dim=4)
    for last_only in (False, True):
        output = block(inputs, valid, last_only=last_only)
        assert output.dtype == "bfloat16" and np.all(np.isfinite(tf.cast(output, "float32")))
    assert all(weight.dtype == "float32" for weight in block.weights)


def test_config_round_trip_and_what_it_refuses() -> None:
    block = TransformerBlock(2, 8, 0.1, 0.2, name="block")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(block), safe_mode=True)
    assert again.get_config() == block.get_config()
    assert (again.num_heads, again.inner_dim, again.dropout, again.attention_dropout) == (2, 8, 0.1, 0.2)
    with pytest.raises(ValueError, match="`num_heads` must be at least 1. Received: num_heads=0"):
        TransformerBlock(0, 8)
    with pytest.raises(ValueError, match="multiple of num_heads=3. Received: 4"):
        TransformerBlock(3, 8).build((None, None, 4))


def test_initialized_at_the_mean_it_adds_the_mean_of_the_positions() -> None:
    block = TransformerBlock(num_heads=2, inner_dim=4)
    block.build((None, None, 4))
    for weight in block.weights:
        weight.assign(np.ones(weight.shape) if "gamma" in weight.path else np.zeros(weight.shape))
    block.initialize_at_mean()
    rows = np.array([[[0, 0, 0, 0], [1, 3, 0, 0], [5, 1, 2, 0]]], dtype="float32")
    valid = np.array([[False, True, True]])
    # Even weights over the two real positions; last + mean = (8, 3, 3, 0), and the feed-forward branch adds nothing.
    expected = np.array([8, 3, 3, 0], dtype="float64")
    for _ in range(2):  # both norms
        expected = (expected - expected.mean()) / expected.std()
    for last_only in (True, False):
        out = np.asarray(block(rows, valid, last_only=last_only)).reshape(-1, 4)[-1]
        np.testing.assert_allclose(out, expected, rtol=1e-5)
