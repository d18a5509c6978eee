from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfelc.next_item.data.batches import SequenceBatches, padded
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.data.splits import leave_one_out

HISTORIES = [[1, 2, 3, 4, 5, 6, 7], [8, 9, 1, 2], [3, 4, 5, 6, 7]]


def _train(histories: list[list[int]]) -> Examples:
    """Training examples of leave-one-out: a user's last two items are held out."""
    sequences = Sequences(
        users=np.arange(len(histories)),
        catalog=np.arange(1, 10),
        offsets=np.cumsum([0, *map(len, histories)]),
        actions=np.array([item for history in histories for item in history], np.int32),
    )
    return leave_one_out(sequences).train


def _rows(batches: SequenceBatches, epoch: int = 0):
    """Every sample of an epoch: its history without pads, and its target or targets."""
    found = []
    for items, targets, _ in batches.epoch(epoch):
        assert items.dtype == targets.dtype == np.int32
        for row, target in zip(items, targets, strict=True):
            real = row > 0
            assert np.all(real[np.argmax(real) :]) and real[-1]  # pads on the left alone
            if np.ndim(target):
                assert not target[~real].any()
                found.append((row[real].tolist(), target[real].tolist()))
            else:
                found.append((row[real].tolist(), int(target)))
    return found


def test_prefixes() -> None:
    found = _rows(SequenceBatches(_train(HISTORIES), "prefixes", 3, 2, seed=0))
    wanted = [
        ([1], 2), ([1, 2], 3), ([1, 2, 3], 4), ([2, 3, 4], 5),
        ([8], 9),
        ([3], 4), ([3, 4], 5),
    ]  # fmt: skip
    assert sorted(found) == sorted(wanted)


def test_windows_hold_every_target_once() -> None:
    found = _rows(SequenceBatches(_train(HISTORIES), "windows", 3, 2, seed=0))
    # Cut from the end, so that only the first window is short.
    wanted = [([2, 3, 4], [3, 4, 5]), ([1], [2]), ([8], [9]), ([3, 4], [4, 5])]
    assert sorted(found) == sorted(wanted)


def test_sequences_are_the_last_window_alone() -> None:
    found = _rows(SequenceBatches(_train(HISTORIES), "sequences", 3, 2, seed=0))
    assert sorted(found) == sorted([([2, 3, 4], [3, 4, 5]), ([8], [9]), ([3, 4], [4, 5])])


LENGTHS = st.lists(st.integers(4, 30), min_size=1, max_size=12)


@settings(max_examples=40, deadline=None)
@given(LENGTHS, st.integers(1, 8), st.integers(1, 7), st.integers(0, 3))
def test_each_sample_once_an_epoch(lengths: list[int], max_length: int, batch_size: int, epoch: int) -> None:
    rng = np.random.default_rng(len(lengths))
    histories = [rng.integers(1, 10, length).tolist() for length in lengths]
    train = _train(histories)
    batches = SequenceBatches(train, "prefixes", max_length, batch_size, seed=1)
    wanted = Counter(
        (tuple(history[max(0, stop - max_length) : stop]), history[stop])
        for history in histories
        for stop in range(1, len(history) - 2)
    )
    assert Counter((tuple(history), target) for history, target in _rows(batches, epoch)) == wanted
    assert batches.samples == sum(wanted.values())
    assert len(batches) == len(list(batches.epoch(epoch))) == -(-batches.samples // batch_size)
    windows = SequenceBatches(train, "windows", max_length, batch_size, seed=1)
    targets = Counter(item for _, follows in _rows(windows, epoch) for item in follows)
    assert targets == Counter(item for history in histories for item in history[1:-2])


def test_batches_are_full_but_for_the_last_of_an_epoch() -> None:
    batches = SequenceBatches(leave_one_out(simulate(400, 50).sequences).train, "prefixes", 50, 13, seed=0)
    sizes = Counter(len(batch.items) for batch in batches.epoch(0))
    assert sizes.pop(13) == len(batches) - 1 and sizes == {batches.samples % 13: 1}


def test_little_padding_and_yet_mixed() -> None:
    batches = SequenceBatches(leave_one_out(simulate().sequences).train, "prefixes", 50, 128, seed=0)
    widths, items, cells = [], 0, 0
    for batch in batches.epoch(0):
        widths.append(batch.items.shape[1])
        assert (batch.items > 0).any(axis=0).all()  # as wide as its longest, and no wider
        items, cells = items + np.count_nonzero(batch.items), cells + batch.items.size
    assert items / cells > 0.9
    # Short and long ones follow each other in no order.
    assert np.abs(np.corrcoef(widths, np.arange(len(widths)))[0, 1]) < 0.4


def _order(seed: int, epoch: int, positive_view: str | None = None) -> list[bytes]:
    train = leave_one_out(simulate(300, 60).sequences).train
    batches = SequenceBatches(train, "prefixes", 50, 32, seed, positive_view)
    return [b"".join(np.ascontiguousarray(part).tobytes() for part in batch if part is not None)
            for batch in batches.epoch(epoch)]  # fmt: skip


@pytest.mark.parametrize("positive_view", [None, "same_target", "future"])
def test_seed_and_epoch_alone_determine_the_order(positive_view: str | None) -> None:
    first = _order(3, 5, positive_view)
    assert _order(3, 5, positive_view) == first
    # An epoch does not depend on whether those before it were gone through.
    assert _order(3, 6, positive_view) != first and _order(4, 5, positive_view) != first
    assert Counter(_order(3, 6)) != Counter(_order(3, 5))  # other batches, not only another order of them


@pytest.mark.parametrize("positive_view", [None, "same_target", "future"])
def test_an_epoch_from_a_step_on_is_the_end_of_the_whole(positive_view: str | None) -> None:
    train = leave_one_out(simulate(300, 60).sequences).train
    batches = SequenceBatches(train, "prefixes", 50, 32, 3, positive_view)
    whole = [[part for part in batch if part is not None] for batch in batches.epoch(2)]
    for start in (0, 1, len(batches) // 2, len(batches) - 1, len(batches)):
        found = [[part for part in batch if part is not None] for batch in batches.epoch(2, start)]
        assert len(found) == len(batches) - start
        for one, other in zip(found, whole[start:], strict=True):
            assert len(one) == len(other) == 2 + (positive_view is not None)
            assert all(np.array_equal(part, wanted) for part, wanted in zip(one, other, strict=True))


def test_twins_have_the_same_target() -> None:
    histories = [[1, 2, 3, 4, 5, 6], [7, 8, 3, 4, 5, 6], [9, 3, 1, 1], [9, 2, 1, 1]]
    batches = SequenceBatches(_train(histories), "prefixes", 50, 3, seed=0, positive_view="same_target")
    by_target: dict[int, set[tuple[int, ...]]] = {}
    for history, target in _rows(SequenceBatches(_train(histories), "prefixes", 50, 3, seed=0)):
        by_target.setdefault(target, set()).add(tuple(history))
    seen: dict[int, set[tuple[int, ...]]] = {}
    for epoch in range(60):
        for items, targets, positive_views in batches.epoch(epoch):
            assert len(positive_views) == len(items) and positive_views.dtype == np.int32
            for twin, target in zip(positive_views, targets, strict=True):
                found = twin[twin > 0].tolist()
                # All of it, or its end.
                whole = [history for history in by_target[target] if list(history[-len(found) :]) == found]
                assert whole and twin[-1] > 0
                seen.setdefault(target, set()).update(whole)
    assert seen == by_target  # each of them comes up


def test_a_future_is_what_the_user_had_next_latest_first() -> None:
    # The last two items of each user are held out: futures end at 4 and at 9.
    batches = SequenceBatches(_train([[1, 2, 3, 4, 5, 6], [7, 8, 9, 5, 6]]), "prefixes", 2, 8, 0, "future")
    (batch,) = batches.epoch(0)
    found = {
        tuple(items[items > 0].tolist()): (int(target), view[view > 0].tolist())
        for items, target, view in zip(*batch, strict=True)
    }
    assert found == {(1,): (2, [3, 2]), (1, 2): (3, [4, 3]), (2, 3): (4, [4]), (7,): (8, [9, 8]), (7, 8): (9, [9])}


def test_without_twins_there_are_none() -> None:
    assert all(
        batch.positive_views is None for batch in SequenceBatches(_train(HISTORIES), "prefixes", 3, 2, 0).epoch(0)
    )


def test_padded_by_hand() -> None:
    examples = Examples(
        actions=np.array([1, 2, 3, 4], np.int32),
        starts=np.array([0, 2, 0]),
        stops=np.array([2, 3, 4]),
        targets=np.array([3, 4, 1], np.int32),
        users=np.array([0, 0, 1]),
    )
    found = padded(examples)
    np.testing.assert_array_equal(found, [[0, 0, 1, 2], [0, 0, 0, 3], [1, 2, 3, 4]])
    assert found.dtype == np.int32
    np.testing.assert_array_equal(padded(examples.truncated(1)), [[2], [3], [4]])
    assert padded(examples.take(slice(0, 0))).shape == (0, 1)
