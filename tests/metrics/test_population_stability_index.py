import math

import pytest

from tfelc.metrics.population_stability_index import population_stability_index


def test_worked_out_by_hand():
    expected = 0.2 * math.log(0.7 / 0.5) + 0.2 * math.log(0.5 / 0.3)
    assert population_stability_index([5, 5], [70, 30]) == pytest.approx(expected)
    assert population_stability_index([1, 2, 3], [10, 20, 30]) == pytest.approx(0)


def test_an_empty_bin_counts_as_one_in_ten_thousand():
    assert population_stability_index([1, 1], [1, 0]) == pytest.approx(
        0.5 * math.log(2) + (1e-4 - 0.5) * math.log(1e-4 / 0.5)
    )
    assert math.isnan(population_stability_index([0, 0], [1, 1]))
