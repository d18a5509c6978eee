"""A validation metric that the validation rows define."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tfelc.core.errors import DataError
from tfelc.lifecycle.training.early_stopping import WatchedMetric
from tfelc.metrics.log_loss import LOG_LOSS
from tfelc.metrics.mean_absolute_error import MEAN_ABSOLUTE_ERROR
from tfelc.metrics.ranker_metric import RankerMetric
from tfelc.ranker.data.outcomes import Outcomes


def defined_metric(watched: WatchedMetric, validation: Outcomes, heads: Sequence[str]) -> WatchedMetric:
    """The metric that is watched, or the log loss of its outputs where the rows do not define it; of values the MAE.

    An AUC is not defined where a class is absent; a log loss is wherever there is a row.

    Args:
        watched: WatchedMetric. What the settings name.
        validation: Outcomes. The outcomes of the validation split.
        heads: Sequence of str. The tasks that are predicted.

    Raises:
        DataError: None of its outputs has a row on the validation split.
    """
    judged = validation.judged(heads)
    assert isinstance(watched.metric, RankerMetric)
    instead = MEAN_ABSOLUTE_ERROR if watched.metric.judges == "values" else LOG_LOSS
    for metric in (watched.metric, instead):
        # What anybody would get for a constant: whether it is a number depends on the rows alone.
        values = []
        for rows, labels in (judged[output] for output in watched.outputs):
            users = None if validation.users is None else validation.users[rows]
            if rows.any():
                values.append(metric.value(labels[rows], np.full(int(rows.sum()), 0.5), users))
        if any(map(math.isfinite, values)):
            name = f"{watched.name.rpartition('.')[0]}.{metric.name}".lstrip(".")
            return watched if metric is watched.metric else replace(watched, name=name, metric=metric)
    raise DataError(
        f"training.early_stopping.metric: `{watched.name}` has no row to be measured on: no row of the validation "
        f"split has {validation.conditions(watched.outputs[0])}"
    )
