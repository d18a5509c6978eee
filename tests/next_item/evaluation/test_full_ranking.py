import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfelc.core.errors import DataError
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.data.sequence_file import read_sequence_file
from tfelc.next_item.data.splits import leave_one_out
from tfelc.next_item.evaluation.full_ranking import full_ranking


class _Given:
    """Gives each user's row of a matrix; column 0, which belongs to padding, would win."""

    def __init__(self, scores) -> None:
        scores = np.asarray(scores, np.float32)
        self._rows = np.concatenate([np.full((len(scores), 1), 99, np.float32), scores], axis=1)
        self._rows.flags.writeable = False  # as what TensorFlow hands out

    def scores(self, examples: Examples):
        return self._rows[examples.users]


def _examples(histories: list[list[int]], targets: list[int]) -> Examples:
    stops = np.cumsum([len(history) for history in histories])
    return Examples(
        actions=np.array([item for history in histories for item in history], np.int32),
        starts=stops - [len(history) for history in histories],
        stops=stops,
        targets=np.array(targets, np.int32),
        users=np.arange(len(targets)),
    )


def test_ranks_by_hand() -> None:
    scores = [
        [0.1, 0.9, 0.5, 0.7],  # target 3 is behind 2 and 4
        [0.1, 0.9, 0.5, 0.7],  # 2 and 4 were seen
        [0.1, 0.9, 0.5, 0.7],  # 2 was seen twice and counts once
        [0.5, 0.5, 0.5, 0.5],  # ties count against the target
        [0.5, 0.5, 0.5, 0.5],  # but not those of seen items
        [0.1, 0.2, 0.9, 0.3],  # the target was seen
    ]
    examples = _examples([[1], [2, 4], [2, 2], [1], [1, 2], [3, 1]], [3, 3, 3, 2, 4, 3])
    assert full_ranking(_Given(scores), examples, 4).ranks.tolist() == [3, 1, 2, 3, 2, 5]
    unfiltered = full_ranking(_Given(scores), examples, 4, remove_seen=False).ranks
    assert unfiltered.tolist() == [3, 3, 3, 4, 4, 1] and unfiltered.dtype == np.int32


def test_infinite_scores() -> None:
    low, high = -np.inf, np.inf
    examples = _examples([[1], [1], [1]], [2, 2, 2])
    ranks = full_ranking(_Given([[0, low, 1, low], [high, 3, 2, high], [0, high, 1, 1]]), examples, 4).ranks
    assert ranks.tolist() == [3, 2, 1]


def test_a_catalog_of_one_item() -> None:
    assert full_ranking(_Given([[0.5]]), _examples([[1]], [1]), 1).ranks.tolist() == [2]
    assert full_ranking(_Given([[0.5]]), _examples([[1]], [1]), 1, remove_seen=False).ranks.tolist() == [1]


_ITEMS = 6


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.lists(st.integers(1, _ITEMS), min_size=1, max_size=8),
            st.integers(1, _ITEMS),
            st.lists(st.sampled_from([-1.0, 0.0, 0.5, 2.0, float("-inf")]), min_size=_ITEMS, max_size=_ITEMS),
        ),
        min_size=1,
        max_size=7,
    ),
    st.booleans(),
    st.integers(1, 8),
)
def test_counting_agrees_with_sorting(rows, remove_seen: bool, block: int) -> None:
    examples = _examples([history for history, _, _ in rows], [target for _, target, _ in rows])
    model = _Given([scores for _, _, scores in rows])
    found = full_ranking(model, examples, _ITEMS, remove_seen, rows=block).ranks.tolist()
    expected = []
    for history, target, scores in rows:
        candidates = [item for item in range(1, _ITEMS + 1) if not (remove_seen and item in history)]
        # Sorted with the target behind its equals.
        order = sorted(candidates, key=lambda item: (-scores[item - 1], item == target))
        expected.append(order.index(target) + 1 if target in candidates else _ITEMS + 1)
    assert found == expected


def test_progress_and_a_last_block_that_is_short() -> None:
    heard: list[tuple[int, int]] = []
    examples = _examples([[1]] * 5, [2] * 5)
    full_ranking(_Given([[0, 1]] * 5), examples, 2, progress=lambda done, total: heard.append((done, total)), rows=2)
    assert heard == [(2, 5), (4, 5), (5, 5)]


def test_nan_and_wrong_shapes_are_refused() -> None:
    examples = _examples([[1]] * 3, [2] * 3)
    with pytest.raises(DataError, match="scores of example 2 hold NaN"):
        full_ranking(_Given([[0, 1, 2], [0, 1, 2], [0, 1, np.nan]]), examples, 3, rows=2)
    with pytest.raises(DataError, match=r"of shape \(3, 5\). Received: shape=\(3, 4\)"):
        full_ranking(_Given([[0, 1, 2]] * 3), examples, 4)


class _DotProducts:
    def __init__(self, users: int, items: int, width: int = 64) -> None:
        rng = np.random.default_rng(0)
        self._users = rng.normal(size=(users, width)).astype(np.float32)
        self._items = rng.normal(size=(items + 1, width)).astype(np.float32)

    def scores(self, examples: Examples):
        return self._users[examples.users] @ self._items.T


def test_beauty_within_seconds(data_dir: Path) -> None:
    sequences = read_sequence_file(data_dir / "sequences" / "Beauty.txt")
    test = leave_one_out(sequences).test
    model = _DotProducts(sequences.num_users, sequences.num_items)
    began = time.process_time()
    full_ranking(model, test, sequences.num_items)
    # Two cores' worth of the 2 s it may take; 0.9 s as measured.
    assert time.process_time() - began < 4


_MEMORY = """
import resource, sys
import numpy as np
from tests.next_item.evaluation.test_full_ranking import _DotProducts, _examples
from tfelc.next_item.evaluation.full_ranking import full_ranking
users = int(sys.argv[1])
examples = _examples([[1]] * users, [2] * users)
model = _DotProducts(users, 20_000, 4)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
full_ranking(model, examples, 20_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_users() -> None:
    grown = [
        int(subprocess.run([sys.executable, "-c", _MEMORY, users], check=True, capture_output=True, text=True).stdout)
        for users in ("600", "6000")
    ]
    # In KiB; the scores of 5,400 more users take 432 MB.
    assert grown[1] - grown[0] < 20_000
