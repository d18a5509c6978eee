import numpy as np
import pytest

from tfelc.core.errors import DataError
from tfelc.lifecycle.training.early_stopping import WatchedMetric
from tfelc.metrics.registries import RANKER_METRICS
from tfelc.ranker.data.outcomes import Outcomes
from tfelc.ranker.training.defined_metric import defined_metric
from tfelc.schema.task import Task

TASKS = {"ctr": Task(label="click"), "cvr": Task(label="order", conditioned_on="ctr", joint="ctcvr")}
HEADS = ["ctr", "cvr"]


def watched(name, clicks, orders, users=None):
    labels = {"ctr": np.float32(clicks), "cvr": np.float32(orders)}
    found = Outcomes(TASKS, labels, {}, None if users is None else np.array(users, object))
    metric = WatchedMetric.of(name, ["ctr", "cvr", "ctcvr"], RANKER_METRICS)
    chosen = defined_metric(metric, found, HEADS)
    assert chosen.outputs == metric.outputs
    return chosen.name


def test_a_metric_that_one_output_defines_stays():
    assert watched("mean.auc", [0, 1, 1], [0, 1, 0]) == "mean.auc"
    assert watched("mean.auc", [0, 1, 1], [0, 0, 0]) == "mean.auc"  # of ctr alone
    assert watched("ctr.gauc", [0, 1, 1], [0, 0, 0], ["a", "a", "b"]) == "ctr.gauc"


def test_the_log_loss_decides_where_the_metric_is_not_defined():
    assert watched("cvr.auc", [0, 1, 1], [0, 0, 0]) == "cvr.logloss"
    assert watched("mean.auc", [0], [0]) == "mean.logloss"
    assert watched("ctr.gauc", [0, 1, 1], [0, 0, 0], ["a", "b", "c"]) == "ctr.logloss"


def test_an_output_without_a_row_decides_nothing():
    message = "training.early_stopping.metric: `cvr.auc` .* no row of the validation split has `click`"
    with pytest.raises(DataError, match=message):
        watched("cvr.auc", [0, 0], [0, 0])
