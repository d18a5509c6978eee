import numpy as np

from tfelc.next_item.data.examples import Examples
from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.data.splits import leave_one_out

# Two users' items, 1 2 3 4 and 5 6, and every prefix of theirs.
ACTIONS = np.array([1, 2, 3, 4, 5, 6], np.int32)
EXAMPLES = Examples(
    actions=ACTIONS,
    starts=np.array([4, 0, 0, 0]),
    stops=np.array([5, 1, 3, 2]),
    targets=np.array([6, 2, 4, 3], np.int32),
    users=np.array([1, 0, 0, 0]),
)


def _histories(examples: Examples) -> list[list[int]]:
    return [examples.history(row).tolist() for row in range(len(examples))]


def test_histories() -> None:
    assert _histories(EXAMPLES) == [[5], [1], [1, 2, 3], [1, 2]]
    assert EXAMPLES.lengths.tolist() == [1, 1, 3, 2] and len(EXAMPLES) == 4


def test_take_by_places_mask_and_slice() -> None:
    by_places = EXAMPLES.take(np.array([2, 0]))
    assert _histories(by_places) == [[1, 2, 3], [5]]
    assert by_places.targets.tolist() == [4, 6] and by_places.users.tolist() == [0, 1]
    assert by_places.actions is ACTIONS
    assert _histories(EXAMPLES.take(EXAMPLES.lengths > 1)) == [[1, 2, 3], [1, 2]]
    assert _histories(EXAMPLES.take(slice(1, 3))) == [[1], [1, 2, 3]]


def test_the_most_recent_are_kept() -> None:
    short = EXAMPLES.truncated(2)
    assert _histories(short) == [[5], [1], [2, 3], [1, 2]]
    assert short.targets.tolist() == EXAMPLES.targets.tolist()


def test_entries_name_the_row_and_the_place() -> None:
    rows, places = EXAMPLES.truncated(2).entries()
    assert rows.tolist() == [0, 1, 2, 2, 3, 3]
    assert ACTIONS[places].tolist() == [5, 1, 2, 3, 1, 2]
    nothing = EXAMPLES.take(slice(0, 0)).entries()
    assert nothing[0].tolist() == nothing[1].tolist() == []


def test_training_and_validation_are_what_a_user_had_before_the_test_item() -> None:
    splits = leave_one_out(simulate(40, 30, 1).sequences)
    joined = splits.train.joined(splits.validation)
    assert len(joined) == len(splits.train) + len(splits.validation)
    actions, offsets = joined.known()
    for row in range(len(splits.test)):
        np.testing.assert_array_equal(actions[offsets[row] : offsets[row + 1]], splits.test.history(row))


def test_known_is_the_longest_history_with_its_target() -> None:
    actions, offsets = EXAMPLES.known()
    assert actions.tolist() == [1, 2, 3, 4, 5, 6] and offsets.tolist() == [0, 4, 6]
    actions, offsets = EXAMPLES.take(np.array([3, 1])).known()
    assert actions.tolist() == [1, 2, 3] and offsets.tolist() == [0, 3]
