"""The figures of a comparison of next-item models on one data set."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfelc.experiments.figures import spread
from tfelc.experiments.next_item.models import PAPER
from tfelc.next_item.evaluation.bootstrap import paired_ranking_bootstrap
from tfelc.next_item.run import SequenceRun

# Every other row is compared with this one, user by user.
_BASELINE = "sasrec"


def summary(found: Mapping[str, Sequence[SequenceRun]]) -> dict[str, Any]:
    """Mean and deviation of every metric of each model, and its gain over SASRec with the same settings.

    Args:
        found: Model -> its runs, one a seed.
    """
    ranks = {name: np.stack([run.ranks()[1] for run in runs]) for name, runs in found.items()}
    models: dict[str, Any] = {}
    for name, runs in found.items():
        results = [run.read_json("metrics.json") or {} for run in runs]
        models[name] = {
            "seeds": len(runs),
            "metrics": spread([result["metrics"] for result in results]),
            "clusters": spread([result["clusters"] for result in results]),
            **_training(runs),
        }
        baseline = f"{PAPER}{_BASELINE}" if name.startswith(PAPER) else _BASELINE
        if baseline in ranks and name != baseline:
            gain = paired_ranking_bootstrap(ranks[baseline], ranks[name], "ndcg@20")
            models[name]["ndcg@20 over SASRec"] = dataclasses.asdict(gain)
    return models


def _training(runs: Sequence[SequenceRun]) -> dict[str, Any]:
    """Loss, epochs, wall time and settings of the runs that were trained."""
    if not (runs[0].path / "run.json").exists():
        return {"loss": None}
    histories, config = [run.read_json("history.json") or {} for run in runs], runs[0].config()
    return {
        "loss": config.model.next_item.loss,
        "best_epoch": [history["best_epoch"] for history in histories],
        "seconds": spread([history["seconds"] for history in histories]),
        "config": config.model_dump(mode="json"),
    }
