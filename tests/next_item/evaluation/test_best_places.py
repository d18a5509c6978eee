import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tfelc.next_item.evaluation.best_places import best_places


@given(
    arrays(np.float32, st.integers(1, 30), elements=st.sampled_from([-np.inf, -1.0, 0.0, 0.5, 2.0])), st.integers(1, 40)
)
def test_it_is_the_beginning_of_a_stable_order(scores, count):
    assert best_places(scores, count).tolist() == np.argsort(-scores, kind="stable")[:count].tolist()
