import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfelc.lifecycle.scoring.measures import Measures


def measured(values, read=0):
    measures = Measures(read=read)
    measures.add_scores({"ctr": np.asarray(values, np.float32)})
    return measures


@given(st.lists(st.floats(2**-20, 1, width=32), min_size=1, max_size=200), st.sampled_from([0.01, 0.1, 0.5, 0.9, 0.99]))
def test_quantiles_are_right_to_half_a_percent(values, share):
    expected = np.quantile(np.asarray(values, np.float32), share, method="inverted_cdf")
    assert measured(values).quantile("ctr", share) == pytest.approx(float(expected), rel=0.005)


def test_the_ends_of_the_range():
    assert measured([0.0, 0.0, 0.0]).quantile("ctr", 0.5) == 0.0
    assert measured([1.0]).quantile("ctr", 0.5) == 1.0
    assert np.isnan(Measures().quantile("ctr", 0.5))


def test_counts_add_up_and_come_back_from_json():
    one, two = measured([0.1, 0.2], read=2), measured([0.9], read=1)
    two.bad = 1
    one.drift = {"features": {"age": np.array([1, 2])}}
    two.drift = {"features": {"age": np.array([3, 0])}}
    total = Measures()
    for each in (one, Measures.parse(two.dump())):
        total.add(each)
    assert (total.read, total.bad) == (3, 1)
    assert total.histograms["ctr"].tolist() == measured([0.1, 0.2, 0.9]).histograms["ctr"].tolist()
    assert total.drift["features"]["age"].tolist() == [4, 2]
    assert Measures.parse(total.dump()).dump() == total.dump()


def test_stability_against_a_reference():
    measures = Measures(drift={"features": {"age": np.array([80, 20])}, "outputs": {}})
    found = measures.stability({"features": {"age": [50, 50], "unseen": [1, 1]}, "outputs": {"ctr": [1]}})
    # (0.8 - 0.5) ln(0.8 / 0.5) + (0.2 - 0.5) ln(0.2 / 0.5)
    assert found == {"features": {"age": pytest.approx(0.3 * np.log(1.6) + 0.3 * np.log(2.5))}, "outputs": {}}
