import math

import numpy as np
import pytest

from tfelc.losses.segment_contrast import segment_contrast

RESTS = np.array([[1.0, 0], [0, 2], [5, 5]], "float32")
SEGMENTS = np.array([[2.0, 0], [1, 1], [7, 7]], "float32")


def test_by_hand() -> None:
    # The third row has no segment of its own and is no negative: products 2, 1 and 0, 2.
    first = math.log(math.exp(2) + math.exp(1)) - 2
    second = math.log(math.exp(0) + math.exp(2)) - 2
    found = segment_contrast(RESTS, SEGMENTS, np.array([True, True, False]))
    assert float(found) == pytest.approx((first + second) / 2, rel=1e-5)


def test_without_a_row_that_counts_it_is_zero() -> None:
    assert float(segment_contrast(RESTS, SEGMENTS, np.zeros(3, bool))) == 0
