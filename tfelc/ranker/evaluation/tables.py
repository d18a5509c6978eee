"""The result of an evaluation as tables for the terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import get_args

from rich.box import SIMPLE
from rich.table import Table

from tfelc.lifecycle.evaluation.result import EvaluationResult, Metrics
from tfelc.lifecycle.evaluation.yardsticks_table import yardsticks_table
from tfelc.metrics.ranker_metric import Judged
from tfelc.metrics.registries import RANKER_METRICS, metrics_of

# Told under the table, not in a column of its own.
_COVERAGE = "gauc_coverage"
YARDSTICK_METRICS = ("auc", "logloss", "xauc", "rmse")
# Of probabilities, and of values: what is shown of each group.
BY_GROUP = (("auc", "gauc"), ("xauc", "nrmse"))


def result_tables(result: EvaluationResult, best: Mapping[str, float] | None = None) -> list[Table]:
    """All that a result says, without tables of nothing.

    Args:
        result: The result of `evaluate`, with what training measured beside it.
        best: The best possible AUC of each output, where that is known. Defaults to None.
    """
    # Probabilities and quantities share no metric: in one table half of the cells would be empty.
    kinds = [kind for kind in get_args(Judged) if _outputs(result, kind)]
    tables = [metrics_table(result, best, kind) for kind in kinds]
    if result.yardsticks:
        for kind in kinds:
            names = [name for name in YARDSTICK_METRICS if RANKER_METRICS.get(name).judges == kind]
            tables.append(yardsticks_table(result, "ranker", names, RANKER_METRICS))
    if result.groups:
        tables.append(groups_table(result))
    if result.uncalibrated:
        tables.append(calibration_table(result))
    if result.gates:
        tables.append(gates_table(result))
    return tables


def metrics_table(
    result: EvaluationResult,
    best_possible_auc: Mapping[str, float] | None = None,
    judged: Judged = "probabilities",
) -> Table:
    """All metrics of every output of one kind.

    Args:
        result: The result of `evaluate`.
        best_possible_auc: Output -> the AUC of the true probabilities. Defaults to None: they are not known.
        judged: The kind of outputs. Defaults to probabilities.
    """
    if judged == "values":
        best_possible_auc, notes = None, []
    else:
        notes = _notes(result, bool(best_possible_auc))
    table = Table(title=f"{result.split}, {result.count:,} rows", caption="\n".join(notes), box=SIMPLE)
    table.add_column("output", no_wrap=True)
    held = result.held.gauc if result.held is not None else {}
    names = [each.name for each in metrics_of(judged) if each.name != _COVERAGE and is_measured(result, each.name)]
    for name in names:
        table.add_column(RANKER_METRICS.get(name).heading, justify="right")
        if name == "auc" and best_possible_auc:
            table.add_column("best AUC", justify="right")
        if name == "gauc" and held:
            table.add_column("GAUC, held", justify="right")
    for output in _outputs(result, judged):
        cells = [_shown(result.metrics[output].get(name)) for name in names]
        if held and "gauc" in names:
            cells.insert(names.index("gauc") + 1, _shown(held.get(output)))
        if best_possible_auc and "auc" in names:
            cells.insert(names.index("auc") + 1, _shown(best_possible_auc.get(output)))
        table.add_row(output, *cells)
    return table


def _notes(result: EvaluationResult, has_best: bool) -> list[str]:
    """What is said under the metrics of probabilities."""
    covered = ", ".join(
        f"{output} {values[_COVERAGE]:.0%}"
        for output, values in result.metrics.items()
        if not math.isnan(values.get(_COVERAGE, math.nan))
    )
    notes = [f"GAUC leaves out users with one class; rows it covers: {covered}"] if covered else []
    if result.held is not None and result.held.features:
        notes.append(
            f"within one {result.held.within} these user features vary: {', '.join(result.held.features)}; a request "
            "has one value of each, so GAUC is there twice, held: with the first value in all rows of one "
            f"{result.held.within}"
        )
    if has_best:
        notes.append("best AUC: that of the true probabilities")
    return notes


def _outputs(result: EvaluationResult, judged: Judged) -> list[str]:
    """The outputs that have metrics of a kind."""
    names = {metric.name for metric in metrics_of(judged)}
    return [output for output, values in result.metrics.items() if names & values.keys()]


def is_measured(result: EvaluationResult, name: str) -> bool:
    """Whether a metric is defined for some output: GAUC is not where no user is known."""
    return any(values.get(name) is not None and not math.isnan(values[name]) for values in result.metrics.values())


def groups_table(result: EvaluationResult) -> Table:
    """AUC and GAUC by user group; of quantities XAUC and the error as a share of the spread.

    Args:
        result: The result of `evaluate`.
    """
    names = {output: by_group_metrics(values) for output, values in result.metrics.items()}
    headings = [" / ".join(RANKER_METRICS.get(name).heading for name in pair) for pair in dict.fromkeys(names.values())]
    table = Table(title=f"{', '.join(headings)} by user group", box=SIMPLE)
    table.add_column("group")
    for output in result.metrics:
        table.add_column(output, justify="right")
    for group, values in result.groups.items():
        cells = [
            " / ".join(_shown(values[output][name]) for name in names[output]) if output in values else "-"
            for output in result.metrics
        ]
        table.add_row(group, *cells)
    return table


def calibration_table(result: EvaluationResult) -> Table:
    """What the calibration changes, in all and by user group: predicted over observed.

    Args:
        result: The result of `evaluate`, of a ranker that has a calibration.
    """
    found = calibration_rows(result)
    table = Table(title="predicted / observed, without calibration -> with it", box=SIMPLE)
    table.add_column("group")
    for output in next(iter(found.values())):
        table.add_column(output, justify="right")
    for group, of_outputs in found.items():
        cells = ["-" if math.isnan(after) else f"{before:.3f} -> {after:.3f}" for before, after in of_outputs.values()]
        table.add_row(group, *cells)
    return table


def calibration_rows(result: EvaluationResult) -> dict[str, dict[str, tuple[float, float]]]:
    """Group of users, `all rows` first -> output -> predicted over observed without the calibration, and with it.

    Args:
        result: The result of `evaluate`, of a ranker that has a calibration.
    """
    without = result.uncalibrated
    assert without is not None
    pairs = [("all rows", without.metrics, result.metrics)]
    pairs += [(group, without.groups[group], result.groups[group]) for group in result.groups]

    def ratio(metrics: Metrics, output: str) -> float:
        return metrics.get(output, {}).get("calibration", math.nan)

    return {
        group: {output: (ratio(before, output), ratio(after, output)) for output in without.metrics}
        for group, before, after in pairs
    }


def by_group_metrics(values: Mapping[str, float]) -> tuple[str, str]:
    """The metrics that are shown of each group of users, for an output with these metrics in all.

    Args:
        values: Metric -> value.
    """
    of_probabilities, of_values = BY_GROUP
    return of_values if of_values[0] in values else of_probabilities


def gates_table(result: EvaluationResult) -> Table:
    """How decided the gates are, and the clusters' use.

    Args:
        result: The result of `evaluate`.
    """
    table = Table(
        title="gates: mean entropy (nats) and mean weight of each expert", caption=_clusters_caption(result), box=SIMPLE
    )
    table.add_column("task")
    table.add_column("entropy", justify="right")
    table.add_column("experts")
    for task, use in result.gates.items():
        table.add_row(task, _shown(use["entropy"]), " ".join(f"{weight:.2f}" for weight in use["mean"]))
    return table


def _clusters_caption(result: EvaluationResult) -> str:
    clusters = result.clusters
    if clusters is None:
        return "no clusters"
    lines = [f"{clusters.in_use:.1f} clusters in use, the largest holds {clusters.largest_share:.0%} of the rows"]
    if not math.isnan(clusters.silhouette):
        lines[0] += f", silhouette {clusters.silhouette:.2f}"
    for column, found in clusters.groups.items():
        distances = ", ".join(f"{task} {use['distance'][column]:.2f}" for task, use in result.gates.items())
        lines.append(
            f"{column}: the cluster tells {found['information']:.0%} of it, adjusted Rand "
            f"{found['adjusted_rand']:.2f}; distance between its gates {distances}"
        )
    return "\n".join(lines)


def _shown(value: float | None) -> str:
    return "-" if value is None or value != value else f"{value:.4f}"
