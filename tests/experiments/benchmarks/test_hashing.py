"""Collisions by hand, and the tables of a result."""

import numpy as np
import pytest

from tfelc.experiments.benchmarks import hashing
from tfelc.experiments.benchmarks.hashed_collisions import expected_share, shared_by_all


def test_the_formula_at_its_ends():
    assert expected_share(1, 10, 1) == 0 and expected_share(5, 1, 1) == pytest.approx(1)
    assert expected_share(2, 4, 1) == pytest.approx(1 / 4)
    # Two of two values agree in two unordered rows of 1,000 with a probability of about 2 / 1000**2.
    assert expected_share(2, 1000, 2) == pytest.approx(2e-6 + 2**-29, rel=1e-6)


@pytest.mark.parametrize(("buckets", "functions"), [(20_000, 1), (500, 2), (60, 3)])
def test_what_is_counted_is_what_the_formula_says(buckets, functions):
    expected = expected_share(20_000, buckets, functions)
    # Values share by chance, in pairs: the spread of the share is about sqrt(2 * share / values).
    spread = np.sqrt(2 * expected / 20_000)
    assert shared_by_all(range(20_000), buckets, functions) == pytest.approx(expected, abs=5 * spread + 0.05 * expected)


def test_tables():
    one = {"rows user": 50.0, "shared user": 0.5, "expected user": 0.48}
    one |= {"rows anchor": 20.0, "shared anchor": 0.25, "expected anchor": 0.3}
    runs = {
        "vocabulary": [{**one, "auc ctr": 0.76}, {**one, "auc ctr": 0.77}],
        "0.5 rows a value, 2 functions": [{**one, "auc ctr": 0.75}, {**one, "auc ctr": 0.758}],
    }
    large = [{"values": 1000, "rows": 100, "functions": 2, "shared": 0.125, "expected": 0.1}]
    quality, shared, counted = hashing.tables({"runs": runs, "large": large})
    assert quality.rows[1] == ["0.5 rows a value, 2 functions", "0.7540 ± 0.0057 (-0.0110)"]
    assert shared.rows[1][1:] == ["50", "50.00%", "48.00%", "20", "25.00%", "30.00%"]
    assert counted.rows == [["100", "2", "12.5000%", "10.0000%"]] and "1,000 values" in counted.title
