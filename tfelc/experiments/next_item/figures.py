"""The figures of a comparison of next-item models on one data set."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfelc.experiments.figures import spread
from tfelc.experiments.next_item.models import REFITTED, baseline_of
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.next_item.evaluation.bootstrap import paired_ranking_bootstrap
from tfelc.next_item.run import NextItemRun
from tfelc.next_item.settings import NEXT_ITEM


def summary(found: Mapping[str, Sequence[NextItemRun]]) -> dict[str, Any]:
    """Mean and deviation of every metric of each model, and its gain over SASRec with the same settings.

    Args:
        found: Model -> its runs, one a seed.
    """
    ranks = {name: np.stack([run.ranks()[1] for run in runs]) for name, runs in found.items()}
    models: dict[str, Any] = {}
    for name, runs in found.items():
        results = [EvaluationResult.from_json(run.read_json("metrics.json") or {}) for run in runs]
        models[name] = {
            "seeds": len(runs),
            "fitted_to": "train, validation" if name in REFITTED else "train",
            "metrics": spread([result.metrics[NEXT_ITEM] for result in results]),
            "clusters": spread([result.clusters.to_json() if result.clusters else {} for result in results]),
            **_training(runs),
        }
        baseline = baseline_of(name)
        if baseline in ranks and name != baseline:
            gain = paired_ranking_bootstrap(ranks[baseline], ranks[name], "ndcg@20")
            models[name]["ndcg@20 over SASRec"] = dataclasses.asdict(gain)
    return models


def _training(runs: Sequence[NextItemRun]) -> dict[str, Any]:
    """Loss, epochs, wall time and settings of the runs that were trained."""
    if not (runs[0].path / "run.json").exists():
        return {"loss": None}
    histories, config = [run.read_json("history.json") or {} for run in runs], runs[0].settings
    return {
        "loss": config.model.loss.name,
        "best_epoch": [history["best_epoch"] for history in histories],
        "seconds": spread([history["seconds"] for history in histories]),
        "config": config.to_dict(),
    }
