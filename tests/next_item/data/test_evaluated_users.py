"""How many users are ranked, and which."""

import numpy as np

from tfelc.next_item.data.evaluated_users import most_users, with_most_users
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.data.splits import leave_one_out

USERS = 400
SEQUENCES = Sequences(
    np.arange(USERS), np.arange(5), np.arange(0, 5 * USERS + 1, 5), np.tile(np.arange(1, 6, dtype=np.int32), USERS)
)


def test_the_larger_the_catalog_the_fewer_and_never_too_few() -> None:
    assert [most_users("auto", items) for items in (10**3, 10**6, 10**8)] == [1_000_000, 1_000, 1_000]
    assert most_users("all", 10**8) is None and most_users(7, 10**8) == 7


def test_of_all_users_so_many_are_drawn_and_the_same_each_time() -> None:
    splits = leave_one_out(SEQUENCES)
    found, again = (with_most_users(splits, 50) for _ in range(2))
    for name in ("validation", "test"):
        drawn, every = getattr(found, name), getattr(splits, name)
        assert len(drawn) == 50 and len(np.unique(drawn.users)) == 50
        assert np.array_equal(drawn.users, getattr(again, name).users)
        assert np.all(np.diff(drawn.users) > 0)
        # Each with its own history and target.
        place = np.searchsorted(every.users, drawn.users)
        assert np.array_equal(drawn.targets, every.targets[place]) and np.array_equal(
            drawn.lengths, every.lengths[place]
        )
        # Not the first ones: the users of a log often stand in the order in which they came.
        assert drawn.users.max() > USERS / 2
    assert found.train is splits.train


def test_where_there_are_no_more_all_stay() -> None:
    splits = leave_one_out(SEQUENCES)
    assert with_most_users(splits, None) is splits
    assert len(with_most_users(splits, USERS).test) == USERS
