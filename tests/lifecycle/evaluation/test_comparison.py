import io
import json

import pytest
from rich.console import Console

from tfelc.core.json_text import json_text
from tfelc.lifecycle.evaluation.comparison import Comparison
from tfelc.lifecycle.evaluation.comparison_table import comparison_table
from tfelc.lifecycle.evaluation.resampling import BootstrapResult
from tfelc.metrics.registries import RANKER_METRICS, RANKING_METRICS

FOUND = BootstrapResult(0.02, 0.01, 0.03, 0.004, 1000)
WORSE = BootstrapResult(-0.5, -0.75, -0.25, 0.5, 1000)
CTR, CVR = {"auc": FOUND, "logloss": WORSE}, {"gauc": WORSE}
RANKERS = Comparison("users", {"ctr": {"auc": 0.7}}, {"ctr": CTR, "cvr": CVR}, {"ctr": FOUND}, 0.25)
NEXT_ITEM = Comparison("users", {"next_item": {"hr@5": 0.2}}, {"next_item": {"hr@5": FOUND}})


def shown(table):
    console = Console(file=io.StringIO(), width=100)
    console.print(table)
    return [line.split() for line in console.file.getvalue().splitlines()]


@pytest.mark.parametrize("comparison", [RANKERS, NEXT_ITEM])
def test_both_kinds_of_model_have_one_shape(comparison):
    content = json.loads(json_text(comparison.to_json()))
    assert list(content) == ["unit", "metrics", "differences", "click_lifts", "adjusted_rand_index"]
    interval = {"difference": 0.02, "low": 0.01, "high": 0.03, "p_value": 0.004}
    assert next(iter(next(iter(content["differences"].values())).values())) == interval


def test_the_table_names_each_metric_by_its_heading():
    found = shown(comparison_table(RANKERS, "runs/b", RANKER_METRICS))
    assert ["ctr", "AUC", "+0.0200", "(+0.0100,", "+0.0300)", "0.004"] in found
    assert ["ctr", "log", "loss", "-0.5000", "(-0.7500,", "-0.2500)", "0.500"] in found
    assert ["ctr", "top", "half", "+2.00%", "(+1.00%,", "+3.00%)", "0.004"] in found
    assert ["cvr", "GAUC", "-0.5000", "(-0.7500,", "-0.2500)", "0.500"] in found
    words = " ".join(sum(found, []))
    assert "difference from runs/b" in words and "adjusted Rand index 0.250" in words
    assert "paired bootstrap over users" in words and "not known" not in words


def test_a_single_output_needs_no_name():
    found = shown(comparison_table(NEXT_ITEM, "runs/b", RANKING_METRICS))
    assert ["HR@5", "+0.0200", "(+0.0100,", "+0.0300)", "0.004"] in found
    assert "Rand" not in " ".join(sum(found, [])) and "half" not in " ".join(sum(found, []))


def test_rows_in_place_of_users_are_said():
    comparison = Comparison("rows", {}, {"ctr": CTR})
    words = " ".join(sum(shown(comparison_table(comparison, "b", RANKER_METRICS)), []))
    assert "paired bootstrap over rows, since their users are not known" in words
