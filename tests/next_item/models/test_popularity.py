import numpy as np

from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.data.splits import leave_one_out
from tfelc.next_item.models.popularity import Popularity

SEQUENCES = Sequences(
    users=np.arange(2),
    catalog=np.arange(1, 6),
    offsets=np.array([0, 5, 9]),
    actions=np.array([1, 2, 1, 4, 5, 2, 1, 3, 3], np.int32),
)


def test_counts_by_hand() -> None:
    splits = leave_one_out(SEQUENCES)
    # Trained on 1 2 1 and 2 1; the items held out do not count.
    scores = Popularity(5).fit(splits.train).scores(splits.test)
    assert scores.dtype == np.float32
    assert scores.tolist() == [[-np.inf, 3, 2, 0, 0, 0]] * 2
    # Fitted on validation: 1 2 1 4 and 2 1 3.
    assert Popularity(5).fit(splits.validation).scores(splits.test)[1].tolist() == [-np.inf, 3, 2, 1, 1, 0]
