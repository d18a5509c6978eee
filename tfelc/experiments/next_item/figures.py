"""The figures of a comparison of next-item models on one data set."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfelc.core.errors import RunError
from tfelc.experiments.figures import spread
from tfelc.experiments.next_item.models import PAPER_PREFIX
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.next_item.evaluation.bootstrap import paired_ranking_bootstrap
from tfelc.next_item.run import NextItemRun
from tfelc.next_item.settings import NEXT_ITEM

# Every other row is compared with this one, user by user.
_BASELINE = "sasrec"


def summary(found: Mapping[str, Sequence[NextItemRun]]) -> dict[str, Any]:
    """Mean and deviation of every metric of each model, and its gain over SASRec with the same settings.

    Args:
        found: Model -> its runs, one a seed.
    """
    ranks = {name: np.stack([run.ranks()[1] for run in runs]) for name, runs in found.items()}
    models: dict[str, Any] = {}
    for name, runs in found.items():
        results = [EvaluationResult.from_json(_json(run, "metrics.json")) for run in runs]
        in_use = [result.clusters.in_use for result in results if result.clusters]
        models[name] = {
            "seeds": len(runs),
            "metrics": spread([result.metrics[NEXT_ITEM] for result in results]),
            "clusters_in_use": spread(in_use) if in_use else None,
            **_training(runs),
        }
        baseline = f"{PAPER_PREFIX}{_BASELINE}" if name.startswith(PAPER_PREFIX) else _BASELINE
        if baseline in ranks and name != baseline:
            gain = paired_ranking_bootstrap(ranks[baseline], ranks[name], "ndcg@20")
            models[name]["ndcg@20 over SASRec"] = dataclasses.asdict(gain)
    return models


def _training(runs: Sequence[NextItemRun]) -> dict[str, Any]:
    """Loss, epochs, wall time and settings of the runs that were trained."""
    if not (runs[0].path / "run.json").exists():
        return {"loss": None}
    histories = [_json(run, "history.json") for run in runs]
    config = runs[0].settings
    return {
        "loss": config.model.loss.name,
        "best_epoch": [history["best_epoch"] for history in histories],
        "seconds": spread([history["seconds"] for history in histories]),
        "config": config.to_dict(),
    }


def _json(run: NextItemRun, name: str) -> dict[str, Any]:
    content = run.read_json(name)
    if content is None:
        raise RunError(f"{run.path / name}: missing; remove the folder, so that the run is made again")
    return content
