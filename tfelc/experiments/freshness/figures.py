"""The figures of a comparison of degrees of freshness."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tfelc.data.dataset import Dataset
from tfelc.data.split_tables import SplitTables
from tfelc.experiments.figures import spread
from tfelc.experiments.freshness.datasets import FROZEN
from tfelc.experiments.ranker.runs import Measured
from tfelc.experiments.ranker.trees import trees_like
from tfelc.metrics.auc import auc
from tfelc.metrics.gauc import gauc
from tfelc.ranker.evaluation.bootstrap import paired_bootstrap
from tfelc.ranker.evaluation.held_features import HeldFeatures
from tfelc.ranker.evaluation.predictions import Predictions
from tfelc.schema.request_key import USER_AND_DAY

# Name of a grouping -> the schema's `request_key`.
WITHIN = {"user": None, "user and day": USER_AND_DAY}


def figures(
    dataset: Dataset, plain: Predictions, predict: Callable[[SplitTables], Predictions]
) -> dict[str, dict[str, float]]:
    """Output -> AUC, and GAUC within users and within users and days, plain and with the user features held.

    Args:
        dataset: The data; its test split is measured.
        plain: The answers on it.
        predict: Scores the test split of some rows.
    """
    found = {
        name: {"auc": auc(one.labels[one.rows], one.probabilities[one.rows])}
        for name, one in plain.binary_outcomes.items()
    }
    for name, key in WITHIN.items():
        held = HeldFeatures(dataset, dataset.schema.model_copy(update={"request_key": key}), "test")
        still = predict(held) if held.names else plain
        for said, predictions in ((name, plain), (f"{name}, held", still)):
            for output, one in predictions.binary_outcomes.items():
                value = gauc(one.labels[one.rows], one.probabilities[one.rows], held.groups[one.rows]).value
                found[output][f"gauc within {said}"] = value
    return found


def trees_figures(dataset: Dataset, judged: Predictions) -> dict[str, Any]:
    """`figures` of boosted trees, on the rows on which a ranker was judged."""
    predict = trees_like(dataset, judged)
    return spread([figures(dataset, predict(dataset), predict)])


def describe(found: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Degree -> mean and deviation of its figures over the seeds."""
    return {name: spread([one.figures for one in ones]) for name, ones in found.items()}


def compare(found: Mapping[str, Sequence[Measured]]) -> dict[str, dict[str, Any]]:
    """Degree -> output -> what AUC gains over frozen features, paired over users; all seeds together."""
    frozen = found[FROZEN]
    differences: dict[str, dict[str, Any]] = {}
    for name, others in found.items():
        if name == FROZEN:
            continue
        for output, judged in frozen[0].predictions.binary_outcomes.items():
            rows, users = judged.rows, frozen[0].predictions.users
            assert users is not None
            before, after = (
                np.stack([one.predictions.binary_outcomes[output].probabilities[rows] for one in ones])
                for ones in (frozen, others)
            )
            lift = paired_bootstrap(judged.labels[rows], before, after, users[rows])
            differences.setdefault(name, {})[output] = dataclasses.asdict(lift)
    return differences
