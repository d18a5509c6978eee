import io
import math
from dataclasses import replace

import pytest
from rich.console import Console

from tfelc.lifecycle.evaluation.cluster_health import ClusterHealth
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.ranker.evaluation.tables import gates_table, groups_table, metrics_table, result_tables

METRICS = {
    "auc": 0.71234,
    "gauc": 0.6,
    "gauc_coverage": 0.93,
    "logloss": 0.5,
    "ne": 0.9,
    "calibration": 1.1,
    "ece": 0.01,
}
UNDEFINED = dict.fromkeys(METRICS, math.nan)
RESULT = EvaluationResult(
    split="test",
    unit="rows",
    count=40_000,
    metrics={"ctr": METRICS, "cvr": UNDEFINED, "ctcvr": METRICS},
    groups={"N": {"ctr": METRICS}, "HA": {"ctr": METRICS, "cvr": UNDEFINED, "ctcvr": METRICS}},
    gates={"ctr": {"entropy": 1.25, "mean": [0.25, 0.75], "groups": {}, "distance": {"activity": 0.151}}},
    clusters=ClusterHealth(4, 3.21, 0.404, 0.333, {"activity": {"information": 0.875, "adjusted_rand": 0.812}}),
)


def lines(table):
    """Words of each line, at the 80 columns of a plain terminal."""
    console = Console(file=io.StringIO(), width=80)
    console.print(table)
    return [line.split() for line in console.file.getvalue().splitlines()]


def test_metrics_beside_the_best_possible():
    found = lines(metrics_table(RESULT, {"ctr": 0.8, "ctcvr": 0.75}))
    assert ["test,", "40,000", "rows"] in found
    assert ["ctr", "0.7123", "0.8000", "0.6000", "0.5000", "0.9000", "1.1000", "0.0100"] in found
    assert ["cvr", "-", "-", "-", "-", "-", "-", "-"] in found
    words = sum(found, [])
    assert "best AUC" in " ".join(words)
    assert "rows it covers: ctr 93%, ctcvr 93%" in " ".join(words)


def test_metrics_without_users_or_a_known_best():
    without = {"ctr": METRICS | {"gauc": math.nan, "gauc_coverage": math.nan}}
    found = lines(metrics_table(replace(RESULT, metrics=without)))
    assert ["ctr", "0.7123", "0.5000", "0.9000", "1.1000", "0.0100"] in found
    assert not {"covers:", "best"} & set(sum(found, []))


def test_probabilities_and_quantities_have_tables_of_their_own():
    quantity = {
        "mae": 12.25,
        "rmse": 30.5,
        "nrmse": 0.75,
        "sum_ratio": 0.98,
        "spearman": 0.4,
        "xauc": 0.65,
        "gini": 0.3,
    }
    both = replace(RESULT, metrics={"ctr": METRICS, "watch": quantity}, groups={}, gates={})
    yardsticks = {"constant": {"ctr": {"auc": 0.5, "logloss": 0.7}, "watch": {"xauc": 0.5, "rmse": 40.0}}}
    binary, values, beside_binary, beside_values = map(lines, result_tables(replace(both, yardsticks=yardsticks)))
    assert ["ctr", "0.7123", "0.6000", "0.5000", "0.9000", "1.1000", "0.0100"] in binary
    assert not {"watch", "MAE"} & set(sum(binary, []))
    assert ["watch", "12.2500", "30.5000", "0.7500"] == next(line for line in values if "watch" in line)[:4]
    assert not {"ctr", "AUC", "GAUC"} & set(sum(values, []))
    assert ["constant", "0.5000", "0.7000"] in beside_binary
    assert ["constant", "0.5000", "40.0000"] in beside_values


def test_groups():
    found = lines(groups_table(RESULT))
    assert ["N", "0.7123", "/", "0.6000", "-", "-"] in found
    assert ["HA", "0.7123", "/", "0.6000", "-", "/", "-", "0.7123", "/", "0.6000"] in found


@pytest.mark.parametrize(
    ("clusters", "caption"),
    [
        (
            RESULT.clusters,
            "3.2 clusters in use, the largest holds 40% of the rows, silhouette 0.33 activity: the cluster tells 88% "
            "of it, adjusted Rand 0.81; distance between its gates ctr 0.15",
        ),
        (
            ClusterHealth(4, 1.0, 1.0),
            "1.0 clusters in use, the largest holds 100% of the rows",
        ),
        (None, "no clusters"),
    ],
)
def test_gates_and_clusters(clusters, caption):
    found = lines(gates_table(replace(RESULT, clusters=clusters)))
    assert ["ctr", "1.2500", "0.25", "0.75"] in found
    assert caption in " ".join(sum(found, []))
