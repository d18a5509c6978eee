import numpy as np
import pytest

from tfelc.core.errors import DataError
from tfelc.next_item.data.sequences import Sequences


def _sequences(**changes):
    parts = {
        "users": np.array([7, 8]),
        "catalog": np.array(["tea", "cup", "杯子"], object),
        "offsets": np.array([0, 1, 4]),
        "actions": np.array([3, 1, 2, 1], np.int32),
        "times": np.array([9, 1, 2, 2]),
    }
    return Sequences(**(parts | changes))


def test_what_a_user_did() -> None:
    sequences = _sequences()
    assert (sequences.num_users, sequences.num_items) == (2, 3)
    assert sequences.lengths.tolist() == [1, 3]
    assert sequences.of(0).tolist() == [3] and sequences.of(1).tolist() == [1, 2, 1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"offsets": np.array([0, 4])}, "`offsets` must rise from 0 to 4 in 2 steps"),
        ({"offsets": np.array([0, 5, 4])}, "`offsets` must rise"),
        ({"offsets": np.array([0, 1, 3])}, "`offsets` must rise"),
        ({"actions": np.array([3, 1, 2, 4])}, "within 1 and 3. Action 3 holds 4"),
        ({"actions": np.array([3, 0, 2, 1])}, "Action 1 holds 0"),
        ({"times": np.array([1, 2])}, "one value an action, 4. Received: 2"),
        ({"times": np.array([9, 2, 1, 2])}, "Action 2 is earlier"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(changes, message) -> None:
    with pytest.raises(DataError, match=message):
        _sequences(**changes)


def test_the_hash_covers_all_but_the_name() -> None:
    base = _sequences().hash
    assert _sequences(name="other").hash == base
    changes = [
        {"users": np.array([7, 9])},
        {"users": np.array(["7", "8"], object)},
        {"catalog": np.array(["te", "acup", "杯子"], object)},
        {"offsets": np.array([0, 2, 4]), "times": np.array([1, 2, 2, 2])},
        {"actions": np.array([3, 1, 2, 2], np.int32)},
        {"times": np.array([9, 1, 2, 3])},
        {"times": None},
    ]
    hashes = {_sequences(**change).hash for change in changes}
    assert len(hashes) == len(changes) and base not in hashes
