from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfelc.core.errors import DataError, UsageError
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.data.sequence_file import read_sequence_file
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.data.splits import SequenceSplits, global_time, leave_one_out


def _of(items: list[list[int]], times: list[list[int]] | None = None) -> Sequences:
    flat = np.array([item for user in items for item in user], np.int32)
    return Sequences(
        users=np.arange(len(items)),
        catalog=np.arange(1, max(flat) + 1),
        offsets=np.cumsum([0, *map(len, items)]),
        actions=flat,
        times=None if times is None else np.array([time for user in times for time in user]),
    )


def _plain(examples: Examples) -> list[tuple[int, list[int], int]]:
    return [
        (int(examples.users[row]), examples.history(row).tolist(), int(examples.targets[row]))
        for row in range(len(examples))
    ]


def test_leave_one_out_by_hand() -> None:
    # Users with 1, 2, 3, 4 and 6 items.
    splits = leave_one_out(_of([[9], [1, 2], [3, 4, 5], [6, 7, 8, 9], [1, 2, 3, 4, 5, 6]]))
    assert _plain(splits.test) == [
        (1, [1], 2),
        (2, [3, 4], 5),
        (3, [6, 7, 8], 9),
        (4, [1, 2, 3, 4, 5], 6),
    ]
    assert _plain(splits.validation) == [(2, [3], 4), (3, [6, 7], 8), (4, [1, 2, 3, 4], 5)]
    assert _plain(splits.train) == [(3, [6], 7), (4, [1], 2), (4, [1, 2], 3), (4, [1, 2, 3], 4)]


@given(st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=8), max_size=6))
def test_leave_one_out_as_told_in_plain_words(items) -> None:
    items = [[1, 2, 3, 4, 5], *items]
    splits = leave_one_out(_of(items))
    train, validation, test = [], [], []
    for user, own in enumerate(items):
        train += [(user, own[:place], own[place]) for place in range(1, len(own) - 2)]
        validation += [(user, own[:-2], own[-2])] if len(own) > 2 else []
        test += [(user, own[:-1], own[-1])] if len(own) > 1 else []
    assert (_plain(splits.train), _plain(splits.validation), _plain(splits.test)) == (train, validation, test)


def test_too_short_for_any_training_is_said() -> None:
    with pytest.raises(DataError, match="no user has enough items for a train example"):
        leave_one_out(_of([[1, 2, 3], [1]]))


def test_global_time_by_hand() -> None:
    # 20 actions at times 0 to 19: validation from 16, test from 18.
    items = [list(range(1, 11)), [11, 12, 13, 14], [15, 16], [17, 18, 19, 20]]
    times = [[0, 1, 2, 3, 4, 5, 6, 7, 8, 16], [9, 10, 17, 18], [11, 12], [13, 14, 15, 19]]
    splits = global_time(_of(items, times))
    assert _plain(splits.train)[-4:] == [(1, [11], 12), (2, [15], 16), (3, [17], 18), (3, [17, 18], 19)]
    assert len(splits.train) == 8 + 1 + 1 + 2
    assert _plain(splits.validation) == [(0, list(range(1, 10)), 10), (1, [11, 12], 13)]
    assert _plain(splits.test) == [(1, [11, 12, 13], 14), (3, [17, 18, 19], 20)]


def _places(sequences: Sequences, examples: Examples) -> np.ndarray:
    assert sequences.times is not None
    return sequences.times[examples.stops]


@given(st.lists(st.lists(st.integers(0, 60), min_size=1, max_size=8), min_size=3, max_size=8), st.integers(0, 5))
def test_global_time_never_looks_ahead(times, step) -> None:
    # Users from early to late, so that no split is empty.
    times = [[0, 1, 2, 61], [0, 55, 62], [0, 1, 63, 64], *(sorted(own) for own in times)]
    items = [[1 + (number * step) % 7 for number in range(len(own))] for own in times]
    sequences = _of(items, times)
    try:
        splits = global_time(sequences, 0.25, 0.25)
    except DataError as error:
        assert "enough items" in str(error)
        return
    at = {name: _places(sequences, getattr(splits, name)) for name in ("train", "validation", "test")}
    assert at["train"].max() < at["validation"].min() and at["validation"].max() < at["test"].min()
    for examples in (splits.validation, splits.test):
        assert len(set(examples.users.tolist())) == len(examples) and examples.lengths.min() >= 1
    for examples in (splits.train, splits.validation, splits.test):
        assert (examples.starts == sequences.offsets[examples.users]).all()
        assert (examples.targets == sequences.actions[examples.stops]).all()
    # All that lies before the first held-out moment and has a history is trained on.
    cut = np.sort(sequences.times)[round(0.5 * len(sequences.times))]
    first = np.zeros(len(sequences.times), bool)
    first[sequences.offsets[:-1]] = True
    assert len(splits.train) == np.sum((sequences.times < cut) & ~first)


def test_a_user_who_comes_late_is_asked_for_the_second_action() -> None:
    splits = global_time(_of([list(range(1, 9)), [1, 2, 3], [4, 5]], [list(range(8)), [8, 8, 9], [10, 12]]), 0.2, 0.2)
    # 13 actions: validation from 8, test from 9.
    assert _plain(splits.validation) == [(1, [1], 2)]
    assert _plain(splits.test) == [(1, [1, 2], 3), (2, [4], 5)]


def test_global_time_needs_times_and_sane_shares() -> None:
    with pytest.raises(DataError, match="needs times"):
        global_time(_of([[1, 2, 3]]))
    for shares in ((0, 0.1), (0.1, -0.1), (0.5, 0.5)):
        with pytest.raises(UsageError, match="shares"):
            global_time(_of([[1, 2, 3]], [[1, 2, 3]]), *shares)
    with pytest.raises(DataError, match="validation example"):
        global_time(_of([[1, 2, 3]], [[1, 2, 3]]))


def test_the_protocol_on_beauty(data_dir: Path) -> None:
    sequences = read_sequence_file(data_dir / "sequences" / "Beauty.txt")
    splits: SequenceSplits = leave_one_out(sequences)
    assert len(splits.test) == len(splits.validation) == sequences.num_users
    assert len(splits.train) == 198_502 - 3 * 22_363


def test_yelp_repeats_items(data_dir: Path) -> None:
    test = leave_one_out(read_sequence_file(data_dir / "sequences" / "Yelp.txt")).test
    rows, places = test.entries()
    again = np.zeros(len(test), bool)
    again[rows[test.actions[places] == test.targets[rows]]] = True
    assert again.mean() == pytest.approx(0.067, abs=5e-4)
