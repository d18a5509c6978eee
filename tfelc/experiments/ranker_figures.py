"""The figures of a comparison of rankers: each model by itself, and what each gains over B."""

import dataclasses
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from tfelc.data.dataset import Dataset
from tfelc.experiments.boosted_trees import boosted_trees
from tfelc.experiments.ranker_runs import Measured
from tfelc.experiments.ranker_variants import BASELINE
from tfelc.metrics.assignment_agreement import assignment_agreement
from tfelc.metrics.summary import task_metrics
from tfelc.ranker.evaluation.group_lift import GroupLift, group_lifts


def describe(found: Sequence[Measured]) -> dict[str, Any]:
    """Mean and standard deviation over the seeds of each metric of one model, over all rows and by group."""
    results = [one.result for one in found]
    return {
        "tasks": {output: _spread([r.metrics[output] for r in results]) for output in results[0].metrics},
        "groups": {
            group: {output: _spread([r.groups[group][output] for r in results]) for output in outputs}
            for group, outputs in results[0].groups.items()
        },
        "gate_entropy": {
            task: _mean_and_deviation([r.gates[task]["entropy"] for r in results]) for task in results[0].gates
        },
        "clusters": _clusters(found) if results[0].clusters else None,
    }


def tree_figures(dataset: Dataset, found: Mapping[str, Measured]) -> dict[str, Any]:
    """The metrics of gradient-boosted trees on the rows on which the models are judged."""
    predictions = found[BASELINE].predictions
    scores = boosted_trees(dataset, list(predictions.outcomes))
    figures = {}
    for output, outcome in predictions.outcomes.items():
        rows = outcome.rows
        users = None if predictions.users is None else predictions.users[rows]
        figures[output] = _spread([task_metrics(outcome.labels[rows], scores[output][rows], users)])
    return {"tasks": figures}


def compare(found: Mapping[str, Sequence[Measured]], console: Console) -> dict[str, list[GroupLift]]:
    """What every other model gains over B, in all and by group; all seeds together, paired over users.

    Args:
        found: Model -> its seeds; B among them.
        console: Where the progress bar goes.
    """
    predictions = {name: [one.predictions for one in ones] for name, ones in found.items()}
    baseline = predictions.pop(BASELINE)
    words = (
        TextColumn("resampling users: {task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    lifts = {}
    with Progress(*words, console=console, transient=True, disable=not console.is_terminal) as bar:
        for name, ones in predictions.items():
            advance = partial(_advance, bar, bar.add_task(name, total=None))
            lifts[name] = group_lifts(baseline, ones, progress=advance)
    return lifts


def _advance(bar: Progress, task: TaskID, done: int, total: int) -> None:
    bar.update(task, completed=done, total=total)


def lifts_by_group(lifts: Sequence[GroupLift]) -> dict[str, dict[str, Any]]:
    """Group -> output -> the rest of a lift, as it stands in the result file."""
    found: dict[str, dict[str, Any]] = {}
    for lift in lifts:
        content = dataclasses.asdict(lift)
        found.setdefault(content.pop("group"), {})[content.pop("output")] = content
    return found


def _clusters(found: Sequence[Measured]) -> dict[str, Any]:
    """The clusters' health over the seeds, and how far two seeds agree on who belongs together."""
    health = [one.result.clusters for one in found if one.result.clusters]
    assignments = [one.predictions.assignment for one in found]
    pairs = [assignment_agreement(first, second) for first, second in combinations(assignments, 2)]
    return {
        **{
            name: _mean_and_deviation([getattr(h, name) for h in health])
            for name in ("in_use", "largest_share", "silhouette")
        },
        "groups": {column: _spread([h.groups[column] for h in health]) for column in health[0].groups},
        "agreement_of_seeds": _mean_and_deviation(pairs) if pairs else None,
    }


def _spread(values: Sequence[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    return {metric: _mean_and_deviation([value[metric] for value in values]) for metric in values[0]}


def _mean_and_deviation(values: Sequence[float]) -> dict[str, float]:
    return {"mean": float(np.mean(values)), "std": float(np.std(values, ddof=1)) if len(values) > 1 else 0.0}
