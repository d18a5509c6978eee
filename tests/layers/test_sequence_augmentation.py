from collections import Counter

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tfelc.layers.sequence_augmentation import SequenceAugmentation, crop_window, mask_items, reorder_window

MASK = 99


def _row(*items: int, width: int = 7):
    return np.array([[0] * (width - len(items)) + list(items)], "int32")


def _column(*starts: float):
    return np.array(starts, "float32")[:, None]


def _order(*values: float):
    return np.array([values], "float32")


def test_crop_by_hand() -> None:
    rows = np.concatenate([_row(1, 2, 3, 4, 5)] * 4 + [_row(6)])
    # floor(0.6 5) = 3 items; starts 0, 1 or 2. One item stays one item.
    found = crop_window(rows, 0.6, _column(0.0, 0.34, 0.67, 0.999, 0.5))
    kept = [(1, 2, 3), (2, 3, 4), (3, 4, 5), (3, 4, 5), (6,)]
    np.testing.assert_array_equal(found, np.concatenate([_row(*items) for items in kept]))


def test_mask_by_hand() -> None:
    # floor(0.5 5) = 2 items: those with the smallest draws, 2 and 5. The pads' draws, smaller yet, do not count.
    found = mask_items(_row(1, 2, 3, 4, 5), 0.5, _order(0.0, 0.0, 0.9, 0.1, 0.5, 0.6, 0.2), MASK)
    np.testing.assert_array_equal(found, _row(1, MASK, 3, 4, MASK))
    # 0.7 of 10 is 7, although it is less in float32.
    ten = np.arange(1, 11, dtype="int32")[None]
    assert np.sum(np.array(mask_items(ten, 0.7, np.linspace(0, 1, 10, dtype="float32")[None], MASK)) == MASK) == 7


def test_reorder_by_hand() -> None:
    # floor(0.6 5) = 3 items from the second on, 2 3 4, in the order of their draws 0.5, 0.9, 0.1.
    order = _order(0.7, 0.7, 0.3, 0.5, 0.9, 0.1, 0.0)
    np.testing.assert_array_equal(reorder_window(_row(1, 2, 3, 4, 5), 0.6, _column(0.5), order), _row(1, 4, 2, 3, 5))
    # At both ends, with draws at the ends of their range.
    order = _order(0.0, 0.9999999, 0.9999999, 0.5, 0.0, 0.9999999, 0.0)
    np.testing.assert_array_equal(reorder_window(_row(1, 2, 3, 4, 5), 0.6, _column(0.0), order), _row(3, 2, 1, 4, 5))
    np.testing.assert_array_equal(reorder_window(_row(1, 2, 3, 4, 5), 0.6, _column(0.99), order), _row(1, 2, 3, 5, 4))


def test_shares_of_nothing_and_of_all() -> None:
    rows, order = _row(1, 2, 3, 4), np.random.default_rng(0).random((1, 7)).astype("float32")
    np.testing.assert_array_equal(crop_window(rows, 1.0, _column(0.9)), rows)
    np.testing.assert_array_equal(crop_window(rows, 0.0, _column(0.9)), _row(4))
    np.testing.assert_array_equal(mask_items(rows, 0.0, order, MASK), rows)
    np.testing.assert_array_equal(mask_items(rows, 1.0, order, MASK), _row(*[MASK] * 4))
    np.testing.assert_array_equal(reorder_window(rows, 0.0, _column(0.5), order), rows)
    assert sorted(np.array(reorder_window(rows, 1.0, _column(0.5), order))[0, 3:]) == [1, 2, 3, 4]


HISTORIES = st.lists(st.lists(st.integers(1, 20), min_size=1, max_size=12), min_size=1, max_size=5)
SHARES = st.sampled_from([0.0, 0.2, 0.29, 0.5, 0.7, 1.0])


@settings(max_examples=60, deadline=None)
@given(HISTORIES, SHARES, st.integers(0, 3), st.integers(0, 1000))
def test_what_each_operation_keeps(histories: list[list[int]], share: float, more: int, seed: int) -> None:
    width = max(map(len, histories)) + more
    rows = np.concatenate([_row(*history, width=width) for history in histories])
    rng = np.random.default_rng(seed)
    start, order = rng.random((len(rows), 1), np.float32), rng.random(rows.shape, np.float32)
    cropped, masked, moved = (
        np.array(found)
        for found in (
            crop_window(rows, share, start),
            mask_items(rows, share, order, MASK),
            reorder_window(rows, share, start, order),
        )
    )
    for number, history in enumerate(histories):
        count = int(share * len(history) + 1e-9)
        pads = width - len(history)
        kept = max(1, count)
        assert not cropped[number, : width - kept].any()
        window = cropped[number, width - kept :].tolist()
        assert any(window == history[at : at + kept] for at in range(len(history) - kept + 1))
        assert not masked[number, :pads].any() and np.sum(masked[number] == MASK) == count
        assert all(now in (was, MASK) for now, was in zip(masked[number, pads:], history, strict=True))
        assert not moved[number, :pads].any()
        assert Counter(moved[number, pads:].tolist()) == Counter(history)
        changed = np.flatnonzero(moved[number, pads:] != history)
        assert len(changed) == 0 or changed[-1] - changed[0] < count


def test_every_window_and_every_place_are_as_likely() -> None:
    rows = np.tile(_row(1, 2, 3, 4, 5), (3000, 1))
    rng = np.random.default_rng(0)
    start, order = rng.random((3000, 1), np.float32), rng.random(rows.shape, np.float32)
    firsts = Counter(np.array(crop_window(rows, 0.6, start))[:, 4].tolist())
    assert set(firsts) == {1, 2, 3} and all(900 < count < 1100 for count in firsts.values())
    masked = np.sum(np.array(mask_items(rows, 0.4, order, MASK))[:, 2:] == MASK, axis=0)
    assert masked.sum() == 6000 and all(1080 < count < 1320 for count in masked)
    orders = Counter(tuple(row) for row in np.array(reorder_window(rows, 0.6, 0 * start, order))[:, 2:5].tolist())
    assert len(orders) == 6 and all(400 < count < 600 for count in orders.values())


def _kind(view) -> str:
    if MASK in view:
        return "mask"
    return "crop" if np.count_nonzero(view) < 10 else "reorder"


def test_the_layer_draws_one_of_the_three_for_each_row_and_call() -> None:
    rows = np.tile(np.arange(1, 11, dtype="int32"), (900, 1))
    layer = SequenceAugmentation(MASK, crop=0.5, mask=0.3, reorder=0.6, seed=1)
    graph = tf.function(layer, input_signature=[tf.TensorSpec([None, None], tf.int32)])
    first, second = np.array(graph(rows)), np.array(graph(rows))
    assert first.dtype == "int32" and first.shape == rows.shape
    for views in (first, second):
        kinds = Counter(map(_kind, views))
        assert set(kinds) == {"crop", "mask", "reorder"} and all(240 < count < 360 for count in kinds.values())
        assert len({tuple(view) for view in views}) > 300
    assert np.mean([_kind(a) == _kind(b) for a, b in zip(first, second, strict=True)]) < 0.45
    again = SequenceAugmentation(MASK, crop=0.5, mask=0.3, reorder=0.6, seed=1)
    np.testing.assert_array_equal(again(rows), first)
    np.testing.assert_array_equal(again(rows), second)


def test_histories_of_one_item_and_of_none() -> None:
    rows = np.concatenate([_row(5), _row()] * 50)
    for _ in range(3):
        views = np.array(SequenceAugmentation(MASK, mask=0.7)(rows))
        # Less than one item is masked or moved, and a crop keeps one.
        np.testing.assert_array_equal(views, rows)


def test_config_round_trip_and_what_it_refuses() -> None:
    layer = SequenceAugmentation(MASK, 0.1, 0.5, 0.3, seed=4, name="augmentation")
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer), safe_mode=True)
    assert again.get_config() == layer.get_config()
    assert (again.mask_item, again.crop, again.mask, again.reorder, again.seed) == (MASK, 0.1, 0.5, 0.3, 4)
    for name in ("crop", "mask", "reorder"):
        with pytest.raises(ValueError, match=rf"`{name}` must lie in \[0, 1\]. Received: {name}=1.5"):
            SequenceAugmentation(MASK, **{name: 1.5})
