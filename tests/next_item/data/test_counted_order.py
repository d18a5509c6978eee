import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tfelc.next_item.data.counted_order import counted_order


@given(arrays(np.int64, st.integers(0, 40), elements=st.integers(0, 9)))
def test_it_is_a_stable_order(numbers):
    assert counted_order(numbers).tolist() == np.argsort(numbers, kind="stable").tolist()
