import numpy as np
import pytest

from tfelc.layers.segment_mask import SegmentMask

MASK = 99


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_a_segment_of_up_to_half_is_hidden_wherever_it_may_stand(count: int) -> None:
    history = np.concatenate([np.zeros(9 - count), np.arange(1, count + 1)]).astype("int32")
    rests, segments = (np.array(rows) for rows in SegmentMask(MASK, seed=0)(np.tile(history, (400, 1))))
    seen = set()
    for rest, segment in zip(rests, segments, strict=True):
        hidden = np.flatnonzero(rest == MASK)
        # What is hidden stands in a row, and at the end of the segment; nothing else has changed.
        assert hidden.tolist() == list(range(hidden[0], hidden[-1] + 1))
        np.testing.assert_array_equal(segment, [0] * (9 - len(hidden)) + history[hidden].tolist())
        np.testing.assert_array_equal(np.where(rest == MASK, history, rest), history)
        seen.add((hidden[0] - (9 - count), len(hidden)))
    longest = max(count // 2, 1)
    assert seen == {(first, size) for size in range(1, longest + 1) for first in range(count - size + 1)}


def test_equal_seeds_hide_alike_and_its_config_comes_back() -> None:
    layer = SegmentMask(MASK, seed=3)
    again = SegmentMask.from_config(layer.get_config())
    history = np.tile(np.arange(1, 9, dtype="int32"), (20, 1))
    np.testing.assert_array_equal(layer(history)[0], again(history)[0])
    assert not np.array_equal(layer(history)[0], SegmentMask(MASK, seed=4)(history)[0])
