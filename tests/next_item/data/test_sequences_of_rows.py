import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tfelc.next_item.data.sequences_of_rows import sequences_of_rows


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 6)), min_size=1, max_size=40), st.booleans())
def test_each_user_has_the_rows_in_the_order_of_time_and_of_the_table_where_times_are_equal(rows, is_sorted):
    users, times = np.array(rows).T
    if is_sorted:
        times = np.sort(times)
    # Each row an item of its own, so that it can be told where it came to.
    items = np.arange(len(rows)) + 100
    found = sequences_of_rows("shop", (users, items, times), 0, 0)
    order = np.lexsort((times, users))
    assert found.catalog[found.actions - 1].tolist() == items[order].tolist()
    assert found.times.tolist() == times[order].tolist()
    assert np.repeat(found.users, found.lengths).tolist() == users[order].tolist()
