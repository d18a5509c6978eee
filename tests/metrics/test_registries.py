"""What is declared of the metrics, and that one from outside is taken up by all that derives from the registries."""

import io
from unittest.mock import patch

import numpy as np
import pytest
from rich.console import Console

from tfelc.lifecycle.evaluation.comparison_table import comparison_table
from tfelc.lifecycle.training.early_stopping import WatchedMetric
from tfelc.metrics.ranker_metric import RankerMetric
from tfelc.metrics.ranking_metric import RankingMetric
from tfelc.metrics.ratio_of_sums import RatioOfSums, user_sums
from tfelc.metrics.registries import RANKER_METRICS, RANKING_METRICS
from tfelc.metrics.summary import ranking_metrics, task_metrics
from tfelc.next_item.evaluation.bootstrap import paired_ranking_bootstrap
from tfelc.next_item.evaluation.tables import ranking_table
from tfelc.next_item.report.metric_tables import ranking_table as ranking_page
from tfelc.ranker.evaluation.comparison import compare
from tfelc.ranker.evaluation.evaluation import evaluate
from tfelc.ranker.evaluation.predictions import Outcome, Predictions
from tfelc.ranker.evaluation.tables import metrics_table
from tfelc.ranker.report.metric_tables import ranker_metrics

LABELS = np.array([1, 0, 1, 0], "float32")
FIRST, SECOND = np.array([0.9, 0.2, 0.4, 0.5], "float32"), np.array([0.9, 0.2, 0.6, 0.5], "float32")
USERS = np.array([1, 1, 2, 2])


def brier(labels, probabilities):
    return float(np.mean((np.asarray(labels) - probabilities) ** 2))


def resampled_brier(labels, probabilities, codes, count):
    return RatioOfSums(user_sums((labels - probabilities) ** 2, codes, count), np.bincount(codes, minlength=count))


@pytest.fixture
def brier_added():
    with patch.dict(RANKER_METRICS._parts):
        RANKER_METRICS.register("brier", RankerMetric("brier", "Brier", "lower", brier, statistic=resampled_brier))
        yield


@pytest.fixture
def mrr_added():
    with patch.dict(RANKING_METRICS._parts):
        RANKING_METRICS.register("mrr", RankingMetric("mrr", "MRR", "higher", lambda ranks: 1 / np.asarray(ranks)))
        yield


def shown(table):
    console = Console(file=io.StringIO(), width=120)
    console.print(table)
    return [line.split() for line in console.file.getvalue().splitlines()]


def predictions(probabilities):
    outcomes = {"ctr": Outcome(np.ones(4, bool), LABELS, probabilities)}
    return Predictions(outcomes, USERS, {}, {}, None)


@pytest.mark.parametrize("metrics", [RANKER_METRICS, RANKING_METRICS])
def test_every_metric_goes_by_the_name_it_is_listed_under(metrics):
    declared = [metrics.get(name) for name in metrics.names()]
    assert [metric.name for metric in declared] == metrics.names()
    assert len({metric.heading for metric in declared}) == len(declared)
    assert all(metric.sign == {"higher": 1, "lower": -1, "none": 0}[metric.better] for metric in declared)


def test_directions_headings_and_intervals():
    found = {name: RANKER_METRICS.get(name) for name in RANKER_METRICS.names()}
    assert {name: metric.sign for name, metric in found.items()} == {
        "auc": 1, "gauc": 1, "gauc_coverage": 0, "logloss": -1, "ne": -1, "calibration": 0, "ece": -1,
        "mae": -1, "rmse": -1, "nrmse": -1, "sum_error": 0, "spearman": 1, "xauc": 1, "gini": 1,
    }  # fmt: skip
    assert [metric.heading for metric in found.values()] == [
        "AUC", "GAUC", "rows of GAUC", "log loss", "NE", "pred/obs", "ECE",
        "MAE", "RMSE", "RMSE/SD", "sum error", "Spearman", "XAUC", "Gini",
    ]  # fmt: skip
    without = [name for name, metric in found.items() if metric.statistic is None]
    assert without == ["gauc_coverage", "ece", "spearman", "xauc", "gini"]
    assert [name for name, metric in found.items() if metric.needs_users] == ["gauc", "gauc_coverage"]


def test_metrics_of_one_function_are_computed_together():
    calls = []

    def both(labels, probabilities, users):
        calls.append(users)
        return complex(2, 3)

    one, other = (RankerMetric(part, part, "none", both, True, part) for part in ("real", "imag"))
    answers = {}
    assert [metric.value([1], [0.5], USERS, answers) for metric in (one, other)] == [2.0, 3.0]
    assert len(calls) == 1 and calls[0] is USERS


@pytest.mark.usefixtures("brier_added")
def test_a_ranker_metric_from_outside_is_summed_up_shown_compared_and_watched():
    value = task_metrics(LABELS, FIRST, USERS)["brier"]
    assert value == pytest.approx((0.01 + 0.04 + 0.36 + 0.25) / 4)
    result = evaluate(predictions(FIRST), "test")
    assert result.metrics["ctr"]["brier"] == value
    table = shown(metrics_table(result))
    assert table[2][-1] == "Brier" and f"{value:.4f}" in sum(table, [])
    assert "Brier" in ranker_metrics({"run": result}, {}) and f"{value:.4f}" in ranker_metrics({"run": result}, {})
    comparison = compare(predictions(SECOND), predictions(FIRST), replicates=20)
    assert comparison.differences["ctr"]["brier"].difference == pytest.approx((0.16 - 0.36) / 4)
    assert ["Brier", "-0.0500"] in [row[:2] for row in shown(comparison_table(comparison, "other", RANKER_METRICS))]
    watched = WatchedMetric.of("ctr.brier", ["ctr", "cvr"], RANKER_METRICS)
    assert watched.value(result.metrics | {"cvr": {}}) == -value


@pytest.mark.usefixtures("mrr_added")
def test_a_ranking_metric_from_outside_is_summed_up_shown_compared_and_watched():
    from tfelc.lifecycle.evaluation.result import EvaluationResult

    metrics = ranking_metrics([1, 2, 4])
    assert metrics["mrr"] == pytest.approx((1 + 1 / 2 + 1 / 4) / 3)
    result = EvaluationResult("test", "users", 3, {"next_item": metrics})
    assert ["MRR", "0.5833"] in shown(ranking_table(result))
    assert "MRR" in ranking_page({"run": metrics})
    assert paired_ranking_bootstrap([1, 2, 4], [1, 1, 4], "mrr", 20).difference == pytest.approx(0.5 / 3)
    assert WatchedMetric.of("mrr", ["next_item"], RANKING_METRICS).value(result.metrics) == metrics["mrr"]
