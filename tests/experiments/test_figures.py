import pytest

from tfelc.experiments.figures import by_path, interval_text, signed, spread, spread_text
from tfelc.lifecycle.report.number_text import percent


def test_mean_and_sample_deviation():
    assert spread([1.0, 2.0, 6.0]) == {"mean": 3.0, "std": pytest.approx(7**0.5)}
    assert spread([5.0]) == {"mean": 5.0, "std": 0.0}


def test_each_figure_is_spread_over_the_seeds_at_any_depth():
    found = spread([{"ctr": {"auc": 0.5, "gauc": 1.0}, "in_use": 2}, {"ctr": {"auc": 0.7, "gauc": 1.0}, "in_use": 4}])
    assert found["ctr"]["auc"] == {"mean": pytest.approx(0.6), "std": pytest.approx(0.02**0.5)}
    assert found["ctr"]["gauc"] == {"mean": 1.0, "std": 0.0}
    assert found["in_use"] == {"mean": 3.0, "std": pytest.approx(2**0.5)}
    assert by_path(found) == {
        "ctr, auc": found["ctr"]["auc"],
        "ctr, gauc": found["ctr"]["gauc"],
        "in use": found["in_use"],
    }


def test_a_deviation_is_written_where_there_is_one():
    assert spread_text({"mean": 0.75, "std": 0.0005}) == "0.7500 ± 0.0005"
    assert spread_text({"mean": 0.75, "std": 0.0}) == "0.7500"
    assert spread_text({"mean": None, "std": None}) == "–"
    assert spread_text({"mean": 12.4, "std": 2.0}, "{:.0f} s".format) == "12 s ± 2 s"
    assert spread_text(None) == ""


def test_an_interval_is_written_where_it_is_defined():
    gain = {"difference": 0.0021, "low": -0.0005, "high": 0.0037}
    assert interval_text(gain, signed) == "+0.0021 (-0.0005, +0.0037)"
    assert interval_text(gain, percent) == "+0.21% (-0.05%, +0.37%)"
    assert interval_text({**gain, "low": None, "high": None}, signed) == "+0.0021"
    assert interval_text(None, signed) == ""
