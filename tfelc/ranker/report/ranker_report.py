"""The page of a ranker's run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tfelc.core.errors import UsageError
from tfelc.data.dataset import Dataset
from tfelc.lifecycle.evaluation.resampling import BootstrapResult
from tfelc.lifecycle.evaluation.result import EvaluationResult, Metrics
from tfelc.lifecycle.evaluation.with_yardsticks import with_yardsticks
from tfelc.lifecycle.report.embedding_map import embedding_map
from tfelc.lifecycle.report.group_names import group_meanings
from tfelc.lifecycle.report.headline import headline
from tfelc.lifecycle.report.markup import Markup, bullets, note, paragraph
from tfelc.lifecycle.report.number_text import number
from tfelc.lifecycle.report.run_report import Content, RunReport, Status
from tfelc.lifecycle.report.section import Section
from tfelc.lifecycle.report.words import words
from tfelc.lifecycle.report.yardsticks_markup import yardsticks_markup
from tfelc.metrics.auc import AUC
from tfelc.metrics.registries import RANKER_METRICS
from tfelc.metrics.xauc import XAUC
from tfelc.ranker.evaluation.auc_intervals import auc_intervals
from tfelc.ranker.evaluation.evaluation import evaluate
from tfelc.ranker.evaluation.group_lift import ALL, GroupLift, group_lifts
from tfelc.ranker.evaluation.predictions import Predictions, Predictor
from tfelc.ranker.evaluation.tables import YARDSTICK_METRICS
from tfelc.ranker.explanation.explanation import Explanation
from tfelc.ranker.report.calibration_curves import calibration_curves
from tfelc.ranker.report.cluster_groups import ClusterGroups
from tfelc.ranker.report.feature_losses import feature_losses
from tfelc.ranker.report.gate_map import gate_map
from tfelc.ranker.report.lift_figures import has_users, lift_picture, lift_table
from tfelc.ranker.report.metric_tables import calibration_table, cluster_table, group_metrics_table, ranker_metrics
from tfelc.ranker.report.summary_sentences import cluster_sentence, lift_sentences, quality_sentences
from tfelc.ranker.report.training_curves import training_curves
from tfelc.ranker.run import RankerRun

_TERMS = ("AUC", "GAUC", "log loss", "NE", "calibration", "ECE", "nats", "adjusted Rand", "silhouette", "interval")
# Share of the impressions above which one cluster holds everybody.
_ONE_CLUSTER = 0.95


@dataclass(frozen=True)
class RankerReport(RunReport[RankerRun]):
    """Measures a ranker on the test split and writes what it finds as a page.

    Attributes:
        run: What is reported on.
        against: The ranker to beat, or None.
        siblings: Runs that differ in alpha, cluster number and seed alone, for the sensitivity.
        data: Prepared dataset to measure on; None is the one that the run names.
        replicates: Resamples of the bootstrap.
        explanation: What an exported version of it loses without each feature, or None.

    Raises:
        UsageError: The explanation is of other tasks.
    """

    data: Path | None = None
    replicates: int = 1000
    explanation: Explanation | None = None

    def __post_init__(self) -> None:
        explained = None if self.explanation is None else self.explanation.metrics
        lacking = [name for name in self.run.metadata["tasks"] if explained is not None and name not in explained]
        if explained is not None and lacking:
            raise UsageError(
                f"`explanation` is of {', '.join(explained)} and not of {lacking[0]}, which {self.run.path} predicts; "
                "explain a version that was exported from it",
                ["explanation"],
            )

    def content(self, status: Status) -> Content:
        """Measures the rankers and draws what is found.

        Args:
            status: Called with what is being done.
        """
        dataset = self.run.dataset(self.data)
        predictions = {name: _predicted(name, run, dataset, status) for name, run in self.runs.items()}
        status("computing the metrics")
        results = {
            name: with_yardsticks(evaluate(found, "test"), self.runs[name], dataset.hash)
            for name, found in predictions.items()
        }
        own = predictions[self.name]
        status("computing the intervals")
        sure = auc_intervals(own, self.replicates)
        lifts = self._lifts(own, predictions.get(self.other), status)
        status("drawing")
        meanings = group_meanings(self.run.schema)
        summary = bullets(self._summary(dataset, results[self.name], lifts))
        return Content(
            title=f"Ranker of {', '.join(self.run.metadata['tasks'])}: {self.name}",
            lead=f"Tasks {', '.join(self.run.metadata['tasks'])}, on {dataset.manifest.source}",
            summary=[
                headline(_figures(sure, lifts, self.other)),
                summary,
                *([note(f"Groups of users, {meanings}.")] if meanings else []),
            ],
            sections=[
                Section("Lift by group", self._lift_blocks(lifts, results[self.name].metrics)),
                Section("Clusters and groups of users", _cluster_blocks(own)),
                Section("Map of the users' activities", _map_blocks(own)),
                Section("Which features matter", _feature_blocks(self.explanation)),
                Section("Gates", [gate_map(results[self.name].gates)]),
                Section("Calibration", [calibration_curves(own)]),
            ],
            curves=training_curves(self.run.read_json("history.json")),
            tables=[Section("All metrics", _tables(results, self.name, _best_auc(dataset))), words(_TERMS)],
            data_hash=dataset.hash,
        )

    def quality(self, result: EvaluationResult) -> dict[str, float]:
        """The AUC of each output; of a quantity the XAUC."""
        return {
            f"{output} {metric.heading}": values[metric.name]
            for output, values in result.metrics.items()
            for metric in (AUC, XAUC)
            if metric.name in values
        }

    def _lifts(self, own: Predictions, other: Predictions | None, status: Status) -> list[GroupLift] | None:
        if other is None:
            return None
        return group_lifts(
            other,
            own,
            self.replicates,
            lambda done, total: status(f"resampling: comparison {done} of {total}"),
        )

    def _summary(self, dataset: Dataset, result: EvaluationResult, lifts: Sequence[GroupLift] | None) -> list[str]:
        return [
            f"{self.name} is a ranker that predicts {', '.join(result.metrics)}. It learned from "
            f"{dataset.rows('train'):,} impressions and was measured on {result.count:,} others, the test split.",
            *quality_sentences(result, _best_auc(dataset)),
            cluster_sentence(result.clusters),
            *(lift_sentences(lifts, self.other) if lifts else []),
        ]

    def _lift_blocks(self, lifts: Sequence[GroupLift] | None, metrics: Metrics) -> list[Markup]:
        if self.against is None:
            return [note("No lift: no run was named to compare with.")]
        if not lifts:
            if not any("auc" in values for values in metrics.values()):
                return [note("No lift: it is measured of probabilities, and no output is one.")]
            return [note("No lift: no user of the test rows is known, so it cannot be measured by user.")]
        within = (
            ", GAUC the same of pairs of one user. The rate of the top half: each user's impressions are ranked, the "
            "better half is shown, and the share with the outcome is compared, so that both show equally much."
            if has_users(lifts)
            else ". The rows are compared one by one, since the schema names no user_key."
        )
        return [
            paragraph(
                f"How much better this ranker is than {self.other}, on the same test rows. AUC says how often a pair "
                f"of impressions is in the right order{within}"
            ),
            lift_picture(lifts),
            lift_table(lifts),
        ]


def _figures(
    sure: Mapping[str, BootstrapResult], lifts: Sequence[GroupLift] | None, other: str
) -> list[tuple[str, str, str]]:
    """What the page begins with: the AUC of each output, and what it gains over the other ranker."""
    figures = [
        (f"{output}, AUC", number(found.difference), f"95 %: {number(found.low)} to {number(found.high)}")
        for output, found in sure.items()
    ]
    return figures + [
        (
            f"{lift.output}, AUC beside {other}",
            number(lift.auc.difference, signed=True),
            f"95 %: {number(lift.auc.low, signed=True)} to {number(lift.auc.high, signed=True)}",
        )
        for lift in lifts or ()
        if lift.group == ALL
    ]


def _best_auc(dataset: Dataset) -> dict[str, float | None]:
    found: dict[str, float | None] = dataset.manifest.metadata.get("best_possible_auc", {})
    return found


def _predicted(name: str, run: RankerRun, dataset: Dataset, status: Status) -> Predictions:
    done = 0

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        status(f"scoring the test split with {name}: {done:,} rows")

    return Predictor(run.model(), dataset).predict("test", advance)


def _tables(results: Mapping[str, EvaluationResult], name: str, best_auc: Mapping[str, float | None]) -> list[Markup]:
    result = results[name]
    tables = [ranker_metrics(results, best_auc)]
    if result.yardsticks:
        tables.append(yardsticks_markup(result, "ranker", YARDSTICK_METRICS, RANKER_METRICS))
    if result.groups:
        tables.append(group_metrics_table(result))
    if result.uncalibrated:
        tables.append(calibration_table(result))
    if result.clusters is not None:
        tables.append(cluster_table(result.clusters, result.gates))
    return tables


def _feature_blocks(explanation: Explanation | None) -> list[Markup]:
    if explanation is None:
        return [note("Not which features matter: no explanation was named, which tfelc explain --json prints.")]
    return feature_losses(explanation)


def _cluster_blocks(predictions: Predictions) -> list[Markup]:
    if predictions.assignment is None:
        return [note("The ranker has no clusters (model.clusters.num_clusters is 0).")]
    clusters = predictions.assignment.argmax(axis=1)
    blocks = []
    for column, values in predictions.groups.items():
        if any(value is not None for value in values):
            blocks += ClusterGroups.of(clusters, values, predictions.users).pictures(column)
    return blocks or [note("The schema has no groups of users (kind: group) to set beside the clusters.")]


def _map_blocks(predictions: Predictions) -> list[Markup]:
    if predictions.assignment is None or predictions.embedding is None:
        return [note("The ranker has no clusters, and so no embeddings of activities.")]
    colorings = {"by cluster": predictions.assignment.argmax(axis=1).astype(object)}
    colorings |= {f"by {column}": values for column, values in list(predictions.groups.items())[:2]}
    what = "impressions, by the activities of their users"
    largest = np.bincount(predictions.assignment.argmax(axis=1)).max() / predictions.rows
    if largest > _ONE_CLUSTER:
        reading = f"{largest:.0%} of them are in one cluster: islands here are none that the clusters tell apart."
        return [embedding_map(predictions.embedding, colorings, what, reading)]
    return [embedding_map(predictions.embedding, colorings, what)]
