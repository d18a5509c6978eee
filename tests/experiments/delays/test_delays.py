"""The experiment with late conversions: its log, its tables, and one ranker of it."""

from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from tests.support.command import call
from tfelc.experiments.delays.late_log import DAY, DROP, KNOWN, NAIVE, WEIGHT, LateLog, schema_of
from tfelc.experiments.delays.tables import tables


@pytest.fixture(scope="module")
def log() -> LateLog:
    return LateLog.simulate(20_000, 0, by_price=False)


def test_what_is_known_at_the_end_of_the_log(log: LateLog) -> None:
    assert len(log.rows) == 18_000 and len(log.later) == 2_000 == len(log.came)
    known, naive, drop = (log.observed(each).to_pandas() for each in (KNOWN, NAIVE, DROP))
    assert list(naive.columns) == [name for name in drop.columns if name != "converted_at"]
    assert not ((naive["conversion"] == 1) & (known["conversion"] == 0)).any()
    # Half of the rows are younger than the window, and miss a third of their conversions.
    assert 0.75 < naive["conversion"].sum() / known["conversion"].sum() < 0.87
    assert (drop["converted_at"].notna() == (drop["conversion"] == 1)).all() and drop["converted_at"].max() <= log.end
    mature = log.end - drop["time"] >= 7 * DAY
    assert (naive["conversion"] == known["conversion"])[mature].all()


def test_the_true_probabilities_are_those_of_what_comes_in_the_window(log: LateLog) -> None:
    for each in (log, LateLog.simulate(20_000, 0, by_price=True)):
        clicked = each.later["click"].to_numpy() == 1
        spread = np.sqrt((each.expected * (1 - each.expected))[clicked].sum())
        assert abs(each.came[clicked].sum() - each.expected[clicked].sum()) < 3 * spread


def test_schemas_differ_by_the_delay_alone() -> None:
    assert schema_of(KNOWN) == schema_of(NAIVE) and not schema_of(NAIVE).delays
    assert [schema_of(each).delays["conversion"].immature for each in (DROP, WEIGHT)] == [DROP, WEIGHT]


def test_the_tables_hold_a_ranker_against_the_one_that_knew_all() -> None:
    runs = {
        KNOWN: [{"calibration": 1.0, "auc": 0.7}, {"calibration": 1.1, "auc": 0.7}],
        WEIGHT: [{"calibration": 0.9, "auc": 0.69}, {"calibration": 1.1, "auc": 0.69}],
    }
    (table,) = tables({"seeds": [0, 1], "delays": {"alike": runs}})
    assert table.rows[0] == [KNOWN, "1.0500 ± 0.0707", "1.0000", "0.7000"]
    assert table.rows[1] == [WEIGHT, "1.0000 ± 0.1414", "0.9500 ± 0.0707", "0.6900"]


def test_one_ranker_from_beginning_to_end(log: LateLog, tmp_path: Path) -> None:
    from tfelc.experiments.delays.runs import measured
    from tfelc.ranker.settings import RankerSettings

    config = Path(__file__).parents[3] / "pipelines" / "configs" / "delays.yaml"
    settings = RankerSettings.load(config, ["training.epochs=1", "model.number_bins=0", "model.linear=false"])
    found = measured(log, WEIGHT, settings, tmp_path, Console(quiet=True))
    assert 0.5 < found["auc"] < 1 and 0.5 < found["calibration"] < 2


def test_the_command_is_there() -> None:
    assert "--seeds" in call("experiment", "delays", "--help").out
