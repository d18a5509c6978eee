"""The page of a ranker's run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfelc.data.dataset import Dataset
from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.evaluation.with_yardsticks import with_yardsticks
from tfelc.lifecycle.report.embedding_map import embedding_map
from tfelc.lifecycle.report.group_names import group_meanings
from tfelc.lifecycle.report.markup import Markup, bullets, note, paragraph
from tfelc.lifecycle.report.run_report import Content, RunReport, Status
from tfelc.lifecycle.report.section import Section
from tfelc.lifecycle.report.yardsticks_markup import yardsticks_markup
from tfelc.metrics.auc import AUC
from tfelc.metrics.registries import RANKER_METRICS
from tfelc.ranker.evaluation.evaluation import evaluate
from tfelc.ranker.evaluation.group_lift import GroupLift, group_lifts
from tfelc.ranker.evaluation.predictions import Predictions, Predictor
from tfelc.ranker.evaluation.tables import YARDSTICK_METRICS
from tfelc.ranker.report.calibration_curves import calibration_curves
from tfelc.ranker.report.cluster_groups import ClusterGroups
from tfelc.ranker.report.gate_map import gate_map
from tfelc.ranker.report.lift_figures import lift_picture, lift_table
from tfelc.ranker.report.metric_tables import cluster_table, group_metrics_table, ranker_metrics
from tfelc.ranker.report.summary_sentences import cluster_sentence, lift_sentences, quality_sentences
from tfelc.ranker.report.training_curves import training_curves
from tfelc.ranker.run import RankerRun


@dataclass(frozen=True)
class RankerReport(RunReport[RankerRun]):
    """Measures a ranker on the test split and writes what it finds as a page.

    Attributes:
        run: What is reported on.
        against: The ranker to beat, or None.
        siblings: Runs that differ in alpha, cluster number and seed alone, for the sensitivity.
        data: Prepared dataset to measure on; None is the one that the run names.
        replicates: Resamples of the bootstrap.
    """

    data: Path | None = None
    replicates: int = 1000

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
        lifts = self._lifts(own, predictions.get(self.other), status)
        status("drawing")
        meanings = group_meanings(self.run.schema)
        summary = bullets(self._summary(dataset, results[self.name], lifts))
        return Content(
            title=f"Ranker {self.name}",
            lead=f"Tasks {', '.join(self.run.metadata['tasks'])}, on {dataset.manifest.source}",
            summary=[summary, note(f"Groups of users, {meanings}.")] if meanings else [summary],
            sections=[
                Section("Lift by group", self._lift_blocks(lifts)),
                Section("Clusters and groups of users", _cluster_blocks(own)),
                Section("Map of the users' activities", _map_blocks(own)),
                Section("Gates", [gate_map(results[self.name].gates)]),
                Section("Calibration", [calibration_curves(own)]),
            ],
            curves=training_curves(self.run.read_json("history.json")),
            tables=[Section("All metrics", _tables(results, self.name, _best_auc(dataset)))],
            data_hash=dataset.hash,
        )

    def quality(self, result: EvaluationResult) -> dict[str, float]:
        """The AUC of each output."""
        return {f"{output} {AUC.heading}": values[AUC.name] for output, values in result.metrics.items()}

    def _lifts(self, own: Predictions, other: Predictions | None, status: Status) -> list[GroupLift] | None:
        if other is None or own.users is None:
            return None
        return group_lifts(
            other,
            own,
            self.replicates,
            lambda done, total: status(f"resampling users: comparison {done} of {total}"),
        )

    def _summary(self, dataset: Dataset, result: EvaluationResult, lifts: Sequence[GroupLift] | None) -> list[str]:
        return [
            f"{self.name} is a ranker that predicts {', '.join(result.metrics)}. It learned from "
            f"{dataset.rows('train'):,} impressions and was measured on {result.count:,} others, the test split.",
            *quality_sentences(result, _best_auc(dataset)),
            cluster_sentence(result.clusters),
            *(lift_sentences(lifts, self.other) if lifts else []),
        ]

    def _lift_blocks(self, lifts: Sequence[GroupLift] | None) -> list[Markup]:
        if self.against is None:
            return [note("No lift: no run was named to compare with.")]
        if not lifts:
            return [note("No lift: the schema has no user_key, or no user is known, so it cannot be measured by user.")]
        return [
            paragraph(
                f"How much better this ranker is than {self.other}, on the same test rows. AUC says how often a pair "
                "of impressions is in the right order, GAUC the same of pairs of one user. The rate of the top half: "
                "each user's impressions are ranked, the better half is shown, and the share with the outcome is "
                "compared, so that both show equally much."
            ),
            lift_picture(lifts),
            lift_table(lifts),
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
    if result.clusters is not None:
        tables.append(cluster_table(result.clusters, result.gates))
    return tables


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
    return [embedding_map(predictions.embedding, colorings, "impressions, by the activities of their users")]
