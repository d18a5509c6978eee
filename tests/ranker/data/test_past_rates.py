import numpy as np
import pandas as pd
import pytest

from tfelc.ranker.data.past_rates import past_rates


def test_hand_worked_rates() -> None:
    entity = pd.Series(["a", "a", "a", "b", "a", "b"])
    day = np.array([1, 1, 2, 2, 4, 4])
    outcome = np.array([1, 0, 1, 1, 1, 0])
    counted = np.array([True, True, True, True, False, False])
    # The mean over the counted rows is 3/4. Rate = (outcomes + 2 * 3/4) / (impressions + 2).
    impressions, rate = past_rates(entity, day, counted, outcome, smoothing=2.0)
    assert impressions.tolist() == [0, 0, 2, 0, 3, 1]
    assert rate == pytest.approx([0.75, 0.75, (1 + 1.5) / 4, 0.75, (2 + 1.5) / 5, (1 + 1.5) / 3])


def test_neither_its_own_day_nor_an_uncounted_row_moves_a_rate() -> None:
    rng = np.random.default_rng(0)
    entity, day = pd.Series(rng.integers(0, 5, 400)), rng.integers(0, 6, 400)
    outcome, counted = rng.integers(0, 2, 400), day < 4
    before = past_rates(entity, day, counted, outcome, 5.0)[1]
    changed = outcome.copy()
    changed[day >= 3] ^= rng.integers(0, 2, int((day >= 3).sum()))
    # Keep the mean over the counted rows as it was, so that only the entities' own sums could differ.
    swapped = np.flatnonzero(day == 3)
    changed[swapped] = rng.permutation(outcome[swapped])
    after = past_rates(entity, day, counted, changed, 5.0)[1]
    np.testing.assert_allclose(after[day <= 3], before[day <= 3], rtol=1e-12)
    assert not np.allclose(after[day > 3], before[day > 3])
