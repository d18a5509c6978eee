import pytest

from tests.support.command import call
from tests.support.training import SETTINGS
from tfelc.experiments.benchmarks import scale
from tfelc.ranker.settings import RankerSettings


def test_an_exponent_is_the_slope_of_the_logarithms():
    assert scale.exponent([10, 100, 1000], [3, 300, 30_000]) == pytest.approx(2)
    assert scale.exponent([1, 4, 16], [5, 10, 20]) == pytest.approx(0.5)
    # Slopes of 1, then of 2, between equal steps: least squares take their mean.
    assert scale.exponent([1, 2, 4], [1, 2, 8]) == pytest.approx(1.5)


def test_a_fixed_start_up_hides_nothing_of_a_linear_step():
    # 8 s, and 1 s for each 10,000 rows.
    found = scale.growth([10_000, 40_000, 160_000], [9, 12, 24])
    # log(24 / 12) / log(4); what is beyond the smallest, 3 and 15 s, is that of 30,000 and 150,000 rows.
    assert found == {"larger": pytest.approx(0.5), "beyond": pytest.approx(1)}


def test_a_step_whose_cost_does_not_grow_has_no_exponent_beyond_the_smallest():
    assert scale.growth([1, 2, 4], [5, 5, 5]) == {"larger": pytest.approx(0), "beyond": None}


def way(label, rate, memory):
    figures = {"rows_per_second": 2 * rate, "rows_per_cpu_second": rate, "peak_mb": memory}
    return {"label": label, "figures": {name: {"median": value} for name, value in figures.items()}}


def test_the_tables_warn_of_what_is_steep():
    # 1 s, 4 s and 16 s; and 1 s, 16 s and 256 s: exponents of 1 and 2, and beyond the smallest of
    # log(15 / 3) / log(15 / 3) and log(255 / 15) / log(15 / 3).
    rates = {10_000: (10_000, 10_000), 40_000: (10_000, 2_500), 160_000: (10_000, 625)}
    sizes = {
        str(size): {"a": way("linear", linear, 300), "b": way("square", square, 100 * size / 10_000)}
        for size, (linear, square) in rates.items()
    }
    costs, growths = scale.tables({"sizes": sizes})
    assert costs.rows[:2] == [
        ["linear, 10,000", "20,000", "10,000", "300"],
        ["linear, 40,000", "20,000", "10,000", "300"],
    ]
    assert growths.rows == [
        ["linear", "1.00", "1.00", "", "0.00", "0"],
        # 1,500 MB for 150,000 rows.
        ["square", "2.00", "1.76", "steep", "1.00", f"{1500 * 2**20 / 150_000:,.0f}"],
    ]


def test_evaluation_of_a_ranker_is_measured(every_kind_dataset):
    settings = RankerSettings.load(SETTINGS, ["training.batch_size=15", "training.balance=fixed"]).to_dict()
    check(scale.evaluated(str(every_kind_dataset.path), "click,buy", settings))


@pytest.mark.parametrize("part", ["start", "epoch", "evaluation"])
def test_next_items_are_measured(part):
    check(scale.next_items(60, part, batch_size=16))


def check(found):
    assert set(found) == {"rows_per_second", "rows_per_cpu_second", "peak_mb"}
    assert min(found.values()) > 0


def test_two_sizes_tell_no_growth(tmp_path):
    refused = call("benchmark", "scale", "--sizes", 20_000, "--sizes", 20_000, "--sizes", 10_000)
    assert refused.code == 2 and "--sizes must be three different ones" in refused.err
