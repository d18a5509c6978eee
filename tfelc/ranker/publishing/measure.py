"""A candidate and the served version on the same rows, through the signatures of both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.dataset import Dataset
from tfelc.data.plain_column import plain_column
from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.lifecycle.publishing.cost import costs
from tfelc.lifecycle.publishing.measurements import ALL, Difference, JudgedOn, Measurements
from tfelc.metrics.population_stability_index import population_stability_index
from tfelc.metrics.registries import RANKER_METRICS
from tfelc.ranker.evaluation.bootstrap import paired_bootstrap
from tfelc.ranker.evaluation.evaluation import output_metrics
from tfelc.ranker.evaluation.predictions import Predictions
from tfelc.ranker.evaluation.requests import numbered
from tfelc.ranker.evaluation.resampled_users import resampled_users
from tfelc.ranker.export.reference_statistics import NumberReference
from tfelc.ranker.scoring.exported_predictor import ExportedPredictor
from tfelc.ranker.scoring.exported_ranker import ExportedRanker

COMPARED = ("auc", "gauc", "ne", "calibration", "mae", "rmse", "nrmse", "sum_error")
_REQUESTS = (1, 256)


def measure(
    candidate: ExportedRanker,
    served: ExportedRanker | None,
    dataset: Dataset,
    split: str,
    replicates: int,
    progress: Callable[[str], None],
) -> Measurements:
    """Measures a candidate, and the served version beside it.

    Args:
        candidate: The candidate.
        served: The served version; None where nothing is served.
        dataset: The data that both are judged on.
        split: Its split.
        replicates: Resamples of each interval.
        progress: Called with the name of each step.

    Raises:
        DataError: The data lacks a column of one of the two, or the two are not judged on the same rows.
    """
    progress("scoring with the candidate")
    mine = ExportedPredictor(candidate, dataset).predict(split)
    judged_on = {
        output: JudgedOn(int(one.rows.sum()), None if one.is_value else int(one.labels[one.rows].sum()))
        for output, one in mine.outcomes.items()
    }
    metrics = output_metrics(mine)
    if served is None:
        (cost,) = costs([candidate.path], [_calls(candidate, dataset, split)])
        return Measurements(judged_on, metrics, cost)
    progress("scoring with the served version")
    theirs = ExportedPredictor(served, dataset).predict(split)
    progress("comparing")
    both = (candidate, served)
    cost, served_cost = costs([one.path for one in both], [_calls(one, dataset, split) for one in both])
    return Measurements(
        judged_on,
        metrics,
        cost,
        served_cost,
        [*_differences(mine, theirs, replicates)],
        _drift(mine, theirs),
        sorted(candidate.schema.features.keys() - served.schema.features.keys()),
        sorted(served.outputs.keys() - candidate.outputs.keys()),
    )


def _differences(mine: Predictions, theirs: Predictions, replicates: int) -> Iterator[Difference]:
    users, _ = resampled_users(mine)
    requests = None if mine.requests is None else numbered(mine.requests)[0]
    for output, own in mine.outcomes.items():
        other = theirs.outcomes.get(output)
        if other is None:
            continue
        if not own.same_rows_as(other):
            raise DataError(
                f"`{output}` of the candidate and of the served version is not judged on the same rows: their tasks "
                "have other labels or conditions"
            )
        for group, inside in [(ALL, np.ones(mine.rows, bool)), *_groups(mine)]:
            rows = own.rows & inside
            if not rows.any():
                continue
            within = None if requests is None else requests[rows]
            for name in COMPARED:
                metric = RANKER_METRICS.get(name)
                if metric.judges != own.judged:
                    continue
                labels, scores = own.labels[rows], (other.probabilities[rows], own.probabilities[rows])
                found = paired_bootstrap(labels, *scores, users[rows], name, replicates, requests=within)
                before, now = (metric.value(labels, each, users[rows] if within is None else within) for each in scores)
                share = float(rows.sum() / own.rows.sum())
                yield Difference(output, group, name, metric.sign, int(rows.sum()), share, before, now, found)


def _groups(predictions: Predictions) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    for column, values in predictions.groups.items():
        codes, names = pd.factorize(np.asarray(values, dtype=object), sort=True)
        for code, name in enumerate(names):
            yield f"{column} {name}", codes == code


def _drift(mine: Predictions, theirs: Predictions) -> dict[str, float]:
    found = {}
    for output, own in mine.outcomes.items():
        if output in theirs.outcomes:
            reference = NumberReference.of(theirs.outcomes[output].probabilities)
            found[output] = population_stability_index(reference.counts, reference.count(own.probabilities))
    return found


def _calls(ranker: ExportedRanker, dataset: Dataset, split: str) -> dict[int, Callable[[], object]]:
    features = ranker.schema.features
    table = next(iter(dataset.tables(split, list(features)))).slice(0, max(_REQUESTS))
    rows = pa.table({name: plain_column(table[name], column) for name, column in features.items()})
    sizes = sorted({min(count, len(rows)) for count in _REQUESTS})
    return {count: partial(ranker.runner.run, SERVING_DEFAULT, ranker.inputs(rows.slice(0, count))) for count in sizes}
