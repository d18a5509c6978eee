import math

import numpy as np
import pytest

from tfelc.core.errors import DataError
from tfelc.metrics.assignment_agreement import assignment_agreement


def test_by_hand() -> None:
    # Pairs of five rows: 10. Together in the first: 1 + 3 = 4, in the second: 3 + 1 = 4, in both: 1 + 1 = 2.
    # Expected 4 * 4 / 10 = 1.6; (2 - 1.6) / (4 - 1.6).
    assert assignment_agreement(np.array([0, 0, 1, 1, 1]), np.array([5, 5, 5, 2, 2])) == pytest.approx(0.4 / 2.4)


def test_names_do_not_matter_and_soft_ones_count_by_their_likeliest() -> None:
    soft = np.array([[0.6, 0.4, 0], [0.9, 0.1, 0], [0, 0.2, 0.8], [0.3, 0.6, 0.1]])
    groups = np.array(["x", "x", "y", "z"], dtype=object)
    assert assignment_agreement(soft, groups) == assignment_agreement(groups, soft) == 1.0


def test_rows_of_no_group_are_left_out() -> None:
    groups = np.array(["x", None, "y", None], dtype=object)
    assert assignment_agreement(np.array([0, 1, 1, 0]), groups) == 1.0
    assert math.isnan(assignment_agreement(np.array([0]), np.array([None], dtype=object)))


def test_unrelated_ones_are_about_0() -> None:
    rng = np.random.default_rng(0)
    assert abs(assignment_agreement(rng.integers(0, 5, 4000), rng.integers(0, 9, 4000))) < 0.01


def test_refuses_other_lengths() -> None:
    with pytest.raises(DataError, match="Received: 3 and 2 rows"):
        assignment_agreement(np.zeros(3, int), np.zeros(2, int))
