"""The metrics by name; one that is listed here is reported, compared where it has an interval, and can be watched.

Example:
    >>> RANKER_METRICS.get("logloss").better, RANKING_METRICS.get("ndcg@20").heading
    ('lower', 'NDCG@20')
"""

from __future__ import annotations

from tfelc.core.registry import Registry
from tfelc.metrics.list_metric import ListMetric
from tfelc.metrics.ranker_metric import Judged, RankerMetric
from tfelc.metrics.ranking_metric import RankingMetric

RANKER_METRICS: Registry[RankerMetric] = Registry(
    "metric",
    {
        "auc": "tfelc.metrics.auc:AUC",
        "gauc": "tfelc.metrics.gauc:GAUC",
        "gauc_coverage": "tfelc.metrics.gauc:GAUC_COVERAGE",
        "logloss": "tfelc.metrics.log_loss:LOG_LOSS",
        "ne": "tfelc.metrics.normalized_entropy:NORMALIZED_ENTROPY",
        "calibration": "tfelc.metrics.calibration:CALIBRATION",
        "ece": "tfelc.metrics.expected_calibration_error:EXPECTED_CALIBRATION_ERROR",
        "mae": "tfelc.metrics.mean_absolute_error:MEAN_ABSOLUTE_ERROR",
        "rmse": "tfelc.metrics.squared_error:ROOT_MEAN_SQUARED_ERROR",
        "nrmse": "tfelc.metrics.squared_error:NORMALIZED_ERROR",
        "sum_error": "tfelc.metrics.sum_error:SUM_ERROR",
        "spearman": "tfelc.metrics.spearman:SPEARMAN",
        "xauc": "tfelc.metrics.xauc:XAUC",
        "gini": "tfelc.metrics.normalized_gini:NORMALIZED_GINI",
    },
)
"""The metrics of a ranker's outputs, in the order of the reports: of probabilities first, then of values."""


def metrics_of(judged: Judged) -> list[RankerMetric]:
    """The metrics of outputs that are probabilities, or values, in the order of the reports.

    Args:
        judged: `probabilities` or `values`.

    Example:
        >>> [metric.name for metric in metrics_of("values")][:3]
        ['mae', 'rmse', 'nrmse']
    """
    found = (RANKER_METRICS.get(name) for name in RANKER_METRICS.names())
    return [metric for metric in found if metric.judges == judged]


RANKING_METRICS: Registry[RankingMetric] = Registry(
    "metric",
    {
        "hr@5": "tfelc.metrics.hit_rate:HR_5",
        "hr@10": "tfelc.metrics.hit_rate:HR_10",
        "hr@20": "tfelc.metrics.hit_rate:HR_20",
        "ndcg@5": "tfelc.metrics.ndcg:NDCG_5",
        "ndcg@10": "tfelc.metrics.ndcg:NDCG_10",
        "ndcg@20": "tfelc.metrics.ndcg:NDCG_20",
    },
)
"""The metrics of a next-item model, in the order of the reports."""

LIST_METRICS: Registry[ListMetric] = Registry(
    "metric",
    {
        "coverage@20": "tfelc.metrics.coverage:COVERAGE_20",
        "novelty@20": "tfelc.metrics.novelty:NOVELTY_20",
        "popularity_bias@20": "tfelc.metrics.popularity_bias:POPULARITY_BIAS_20",
        "intra_list_diversity@20": "tfelc.metrics.intra_list_diversity:INTRA_LIST_DIVERSITY_20",
    },
)
"""The metrics of what a next-item model recommends, whether or not it is taken, in the order of the reports."""
