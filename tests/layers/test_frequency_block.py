"""Filters of histories against NumPy's own transform of whole, zero-padded ones."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.layers.layer_check import check_layer
from tfelc.layers.frequency_block import FrequencyBlock
from tfelc.layers.frequency_encoder import FrequencyEncoder

DIM, HEADS = 4, 2


def _block(max_length, share=0.3, seed=0):
    """A block of random weights, large enough to be told apart."""
    keras.utils.set_random_seed(seed)
    block = FrequencyBlock(max_length, HEADS, 8, share)
    block.build((None, None, DIM))
    random = np.random.default_rng(seed)
    for weight in block.trainable_variables:
        weight.assign(random.normal(size=weight.shape) * 0.7)
    return block


def _histories(lengths, width, seed=1):
    rows = np.random.default_rng(seed).normal(size=(len(lengths), width, DIM)).astype("float32")
    return rows, np.arange(width) >= width - np.array(lengths)[:, None]


def _mixed(block, rows, valid):
    """What the block mixes, by NumPy: each history in zeros of `max_length`."""
    weights = {weight.name: np.array(weight, np.float64) for weight in block.trainable_variables}
    total, found = block.max_length, []
    for row, known in zip(rows.astype(np.float64), valid, strict=True):
        context = row[known].mean(0) @ weights["context_kernel"] + weights["context_bias"]
        context = context * 0.5 * (1 + np.vectorize(math.erf)(context / math.sqrt(2)))
        said = (context @ weights["adaptive_kernel"] + weights["adaptive_bias"]).reshape(HEADS, -1, 2)
        whole = np.zeros((total, DIM))
        whole[total - known.sum() :] = row[known]
        filtered, stepped = np.empty_like(whole), np.empty_like(whole)
        for head in range(HEADS):
            own = slice(head * DIM // HEADS, (head + 1) * DIM // HEADS)
            transform = np.fft.rfft(whole[:, own], axis=0, norm="ortho")
            factor = weights["filters"][head] * (1 + said[head, :, 0])
            moved = transform * factor[:, None] + (weights["filter_bias"][head] + said[head, :, 1])[:, None]
            filtered[:, own] = np.fft.irfft(moved, total, axis=0, norm="ortho")
        for last in range(total - 1, -1, -2):
            before = whole[last - 1] if last else np.zeros(DIM)
            kernel = weights["step_kernel"][(last + total % 2) // 2]
            mean, difference = (before + whole[last]) / 2, (before - whole[last]) / 2 * kernel
            stepped[last] = mean - difference
            if last:
                stepped[last - 1] = mean + difference
        found.append((block.share * filtered + (1 - block.share) * stepped)[total - len(row) :])
    return np.array(found)


@pytest.mark.parametrize("max_length", [8, 7])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_it_mixes_as_the_transform_of_the_whole_history(max_length, share):
    block = _block(max_length, share)
    rows, valid = _histories([5, 2, 1], 5)
    wanted = _mixed(block, rows, valid)
    block.add_branches = lambda residual, mixed, training: mixed
    # Where a pad is, nobody looks.
    np.testing.assert_allclose(np.array(block(rows, valid))[valid], wanted[valid], atol=2e-5)
    np.testing.assert_allclose(block(rows, valid, last_only=True), wanted[:, -1], atol=2e-5)


def test_a_new_block_leaves_the_history_as_it_is_but_for_its_neighbors():
    block = FrequencyBlock(6, HEADS, 8, share=0.25)
    rows, valid = _histories([3], 3)
    block.build(rows.shape)
    block.step_kernel.assign(np.zeros(block.step_kernel.shape))
    block.adaptive_kernel.assign(np.zeros(block.adaptive_kernel.shape))
    block.add_branches = lambda residual, mixed, training: mixed
    mean = (rows[:, 1] + rows[:, 2]) / 2
    np.testing.assert_allclose(block(rows, valid, last_only=True), 0.25 * rows[:, 2] + 0.75 * mean, atol=1e-6)


def test_neither_the_width_of_the_batch_nor_what_stands_at_a_pad_matters():
    block = _block(9)
    rows, valid = _histories([2, 4], 4)
    wide = np.concatenate([np.full((2, 3, DIM), 5, "float32"), rows], axis=1)
    wide_valid = np.concatenate([np.zeros((2, 3), bool), valid], axis=1)
    wide[0, 3:5] = 7
    for last_only in (True, False):
        found, wanted = (np.array(block(*given, last_only=last_only)) for given in ((wide, wide_valid), (rows, valid)))
        found, wanted = (found, wanted) if last_only else (found[:, 3:][valid], wanted[valid])
        np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_it_keeps_the_habits_of_a_layer():
    items = np.array([[1, 2, 3, 4], [0, 0, 0, 5], [0, 0, 6, 7]], "int32")
    kwargs = {"num_items": 9, "max_length": 5, "dim": 4, "num_layers": 1, "num_heads": 2, "dropout": 0.0}
    check_layer(FrequencyEncoder, kwargs, items, (3, 4, 4), expected_trainable_count=2 + 2 + 15)
    encoder = FrequencyEncoder(**kwargs)
    with pytest.raises(ValueError, match="at most max_length=5 wide"):
        encoder(np.ones((1, 6), "int32"))
    graph = tf.function(encoder, input_signature=[tf.TensorSpec([None, None], tf.int32)])
    np.testing.assert_allclose(graph(items), encoder(items), atol=1e-6)
    with pytest.raises(ValueError, match="`share` must be within"):
        FrequencyBlock(5, 2, 8, share=1.1)
