import numpy as np

from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.data.some_users import some_users
from tfelc.next_item.data.splits import leave_one_out


def test_long_training_sequences_are_those_of_some_users():
    train = leave_one_out(simulate(200, 60).sequences).train
    sample = some_users(train, 300)
    actions, offsets = sample.known()
    assert 150 < len(actions) < 450 and len(offsets) - 1 < 200
    chosen = np.unique(sample.users)
    assert set(chosen) < set(np.unique(train.users))
    # Of those that are drawn nothing is left out.
    assert len(sample) == np.isin(train.users, chosen).sum()
    assert some_users(train, 10**9) is train
