"""The figures of one day."""

import dataclasses
from typing import Any

from tfelc.experiments.daily.days import INCREMENTAL, RETRAINED, YESTERDAY, Days
from tfelc.metrics.auc import auc
from tfelc.ranker.evaluation.bootstrap import paired_bootstrap
from tfelc.ranker.evaluation.predictions import Predictor


def compare(log: Days, day: int) -> dict[str, Any]:
    """The models of a day on the rows of the next.

    Returns:
        `auc`, model -> output -> AUC; `differences` of the model that goes on day by day from the others, likewise,
        with intervals; the `rows` that the training of the day read; and what it did to the vocabularies.
    """
    dataset = log.dataset(day, day)
    runs = {INCREMENTAL: log.incremental(day), RETRAINED: log.retrained(day)}
    if day > 1:
        runs[YESTERDAY] = log.incremental(day - 1)
    found = {name: Predictor(run.model(), dataset).predict("test") for name, run in runs.items()}
    aucs: dict[str, dict[str, float]] = {name: {} for name in runs}
    differences: dict[str, dict[str, Any]] = {}
    for output, mine in found[INCREMENTAL].binary_outcomes.items():
        labels, users = mine.labels[mine.rows], found[INCREMENTAL].users
        assert users is not None
        for name, predictions in found.items():
            scores = predictions.binary_outcomes[output].probabilities[mine.rows]
            aucs[name][output] = auc(labels, scores)
            if name != INCREMENTAL:
                lift = paired_bootstrap(labels, scores, mine.probabilities[mine.rows], users[mine.rows])
                differences.setdefault(name, {})[output] = dataclasses.asdict(lift)
    return {
        "day": day,
        "data_hash": dataset.hash,
        "auc": aucs,
        "differences": differences,
        "rows": {name: runs[name].metadata["rows"]["train"] for name in (INCREMENTAL, RETRAINED)},
        "vocabularies": runs[INCREMENTAL].metadata.get("warm_start", {}).get("vocabularies", {}),
    }
