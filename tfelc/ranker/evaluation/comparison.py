"""Is one ranker better than another, and do they group the rows alike?"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.lifecycle.evaluation.comparison import Comparison
from tfelc.lifecycle.evaluation.resampling import BootstrapResult
from tfelc.metrics.assignment_agreement import assignment_agreement
from tfelc.metrics.ranker_metric import Judged
from tfelc.metrics.registries import metrics_of
from tfelc.ranker.evaluation.bootstrap import paired_bootstrap
from tfelc.ranker.evaluation.click_lift import paired_click_lift
from tfelc.ranker.evaluation.evaluation import output_metrics
from tfelc.ranker.evaluation.predictions import Predictions
from tfelc.ranker.evaluation.requests import numbered
from tfelc.ranker.evaluation.resampled_users import resampled_users


def compare(
    predictions: Predictions,
    other: Predictions,
    replicates: int = 1000,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Comparison:
    """Compares a ranker with another one on the same rows, by a paired bootstrap over users.

    A row whose user is not known counts as a user of its own, so that the differences are those of the metrics of all
    rows; without any known user it is rows that are resampled.

    Args:
        predictions: The ranker's answers on a split.
        other: Those of the ranker to beat on the same split.
        replicates: Resamples of each metric. Defaults to 1000.
        progress: Called with the outputs done and their total. Defaults to a function that does nothing.

    Returns:
        The other ranker's metrics; for each output that both have the difference of every metric with an interval, the
        ranker's less the other's, and the lift of the simulated rate (see `paired_click_lift`); and how far both have
        the same rows in a cluster.

    Raises:
        DataError: The rankers were not judged on the same rows.
    """
    users, known = resampled_users(predictions)
    outputs = [name for name in predictions.outcomes if name in other.outcomes]
    differences, click_lifts = {}, {}
    for done, output in enumerate(outputs, start=1):
        own, beaten = predictions.outcomes[output], other.outcomes[output]
        if not own.same_rows_as(beaten):
            raise DataError(f"`{output}` of the two rankers is not judged on the same rows")
        rows = own.rows
        # Without a row, as for an output that is judged on clicks where there are none, no metric is defined.
        if rows.any():
            pair = own.labels[rows], beaten.probabilities[rows], own.probabilities[rows], users[rows]
            groups = None if predictions.requests is None else numbered(predictions.requests)[0][rows]
            differences[output] = _differences(*pair, replicates, groups, own.judged)
            if not own.is_value and not math.isnan((lift := paired_click_lift(*pair, replicates)).difference):
                click_lifts[output] = lift
        progress(done, len(outputs))
    index = None
    if predictions.assignment is not None and other.assignment is not None:
        index = assignment_agreement(predictions.assignment, other.assignment)
    return Comparison("users" if known else "rows", output_metrics(other), differences, click_lifts, index)


def _differences(
    labels: NDArray[np.float32],
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    users: NDArray[np.int64],
    replicates: int,
    requests: NDArray[np.int64] | None,
    judged: Judged,
) -> dict[str, BootstrapResult]:
    found = {
        metric.name: paired_bootstrap(labels, first, second, users, metric.name, replicates, requests=requests)
        for metric in metrics_of(judged)
        if metric.statistic
    }
    return {name: one for name, one in found.items() if not math.isnan(one.difference)}
