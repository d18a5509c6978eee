"""The page of a ranker's run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfelc.core.errors import UsageError
from tfelc.data.dataset import Dataset
from tfelc.lifecycle.report.embedding_map import embedding_map
from tfelc.lifecycle.report.group_names import group_meanings
from tfelc.lifecycle.report.markup import Markup, bullets, note, paragraph
from tfelc.lifecycle.report.page import render_page
from tfelc.lifecycle.report.provenance import provenance
from tfelc.lifecycle.report.section import Section
from tfelc.lifecycle.report.sensitivity_curves import sensitivity_curves
from tfelc.lifecycle.report.training_curves import ranker_curves
from tfelc.lifecycle.report.trial import Trial, trials_of
from tfelc.ranker.evaluation.evaluation import evaluate
from tfelc.ranker.evaluation.group_lift import GroupLift, group_lifts
from tfelc.ranker.evaluation.predictions import Predictions, Predictor
from tfelc.ranker.report.calibration_curves import calibration_curves
from tfelc.ranker.report.cluster_groups import ClusterGroups
from tfelc.ranker.report.gate_map import gate_map
from tfelc.ranker.report.lift_figures import lift_picture, lift_table
from tfelc.ranker.report.metric_tables import cluster_table, group_metrics_table, ranker_metrics
from tfelc.ranker.report.summary_sentences import cluster_sentence, lift_sentences, quality_sentences
from tfelc.ranker.run import RankerRun


@dataclass(frozen=True)
class RankerReport:
    """Measures a ranker on the test split and writes what it finds as a page.

    Attributes:
        run: What is reported on.
        against: The ranker to beat, or None.
        siblings: Runs that differ in alpha, cluster number and seed alone, for the sensitivity.
        data: Prepared dataset to measure on; None is the one that the run names.
        replicates: Resamples of the bootstrap.
    """

    run: RankerRun
    against: RankerRun | None = None
    siblings: Sequence[RankerRun] = ()
    data: Path | None = None
    replicates: int = 1000

    def html(self, command: str, status: Callable[[str], None] = lambda words: None) -> str:
        """The page.

        Args:
            command: What makes it, as it is shown.
            status: Called with what is being done.

        Raises:
            RunError: A run is missing or damaged, or differs from the first in more than the sensitivity allows.
            UsageError: The run to beat was trained on other data, or on other tasks.
            DataError: The data cannot be read.
        """
        self._check()
        trials = _trials(self.run, self.siblings)
        dataset = self.run.dataset(self.data)
        runs = {self.run.path.name: self.run}
        if self.against is not None:
            taken = self.against.path.name in runs
            runs[str(self.against.path) if taken else self.against.path.name] = self.against
        predictions = {name: _predicted(name, run, dataset, status) for name, run in runs.items()}
        status("computing the metrics")
        results = {name: evaluate(found, "test") for name, found in predictions.items()}
        name = self.run.path.name
        lifts = self._lifts(list(predictions.values()), status)
        return self._page(runs, dataset, predictions[name], results, lifts, trials, command, status)

    def _check(self) -> None:
        metadata = self.run.metadata()
        if self.against is None:
            return
        other = self.against.metadata()
        if other["data_hash"] != metadata["data_hash"]:
            raise UsageError(
                f"{self.against.path}: was trained on other data than {self.run.path} (its hash differs); --against "
                "compares runs on the same data"
            )
        if not set(metadata["tasks"]) & set(other["tasks"]):
            raise UsageError(f"--against: {self.against.path} predicts none of {', '.join(metadata['tasks'])}")

    def _lifts(self, predictions: Sequence[Predictions], status: Callable[[str], None]) -> list[GroupLift] | None:
        if self.against is None or predictions[0].users is None:
            return None
        own, other = predictions
        return group_lifts(
            other,
            own,
            self.replicates,
            lambda done, total: status(f"resampling users: comparison {done} of {total}"),
        )

    def _page(
        self,
        runs: Mapping[str, RankerRun],
        dataset: Dataset,
        predictions: Predictions,
        results: Mapping[str, Mapping[str, Any]],
        lifts: Sequence[GroupLift] | None,
        trials: Sequence[Trial] | None,
        command: str,
        status: Callable[[str], None],
    ) -> str:
        name, other = self.run.path.name, [*runs, ""][1]
        result = results[name]
        metadata = self.run.metadata()
        best_auc = dataset.manifest.metadata.get("best_possible_auc", {})
        meanings = group_meanings(self.run.schema())
        explained = [note(f"Groups of users, {meanings}.")] if meanings else []
        status("drawing")
        tables = [ranker_metrics(results, best_auc)]
        if result["groups"]:
            tables.append(group_metrics_table(result))
        if result["clusters"] is not None:
            tables.append(cluster_table(result["clusters"], result["gates"]))
        sections = [
            Section("Lift by group", self._lift_blocks(lifts, other)),
            Section("Clusters and groups of users", _cluster_blocks(predictions)),
            Section("Map of the users' activities", _map_blocks(predictions)),
            Section("Gates", [gate_map(result["gates"])]),
            Section("Calibration", [calibration_curves(predictions)]),
            Section("Training", [ranker_curves(self.run.read_json("history.json"))]),
            *([Section("Sensitivity", [sensitivity_curves(trials)])] if trials else []),
            Section("All metrics", tables),
            provenance(runs, dataset.hash, command),
        ]
        summary = [
            f"{name} is a ranker that predicts {', '.join(result['tasks'])}. It learned from "
            f"{dataset.rows('train'):,} impressions and was measured on {result['rows']:,} others, the test split.",
            *quality_sentences(result, best_auc),
            cluster_sentence(result["clusters"], self.run.config().model.clusters.num_clusters),
            *(lift_sentences(lifts, other) if lifts else []),
        ]
        return render_page(
            f"Ranker {name}",
            f"Tasks {', '.join(metadata['tasks'])}, on {dataset.manifest.source}",
            [bullets(summary), *explained],
            sections,
        )

    def _lift_blocks(self, lifts: Sequence[GroupLift] | None, other: str) -> list[Markup]:
        if self.against is None:
            return [note("No lift: name a run to compare with by --against.")]
        if not lifts:
            return [note("No lift: the schema has no user_key, or no user is known, so it cannot be measured by user.")]
        return [
            paragraph(
                f"How much better this ranker is than {other}, on the same test rows. AUC says how often a pair of "
                "impressions is in the right order, GAUC the same of pairs of one user. The rate of the top half: each "
                "user's impressions are ranked, the better half is shown, and the share with the outcome is compared, "
                "so that both show equally much."
            ),
            lift_picture(lifts),
            lift_table(lifts),
        ]


def _trials(run: RankerRun, siblings: Sequence[RankerRun]) -> list[Trial] | None:
    def quality(metrics: Mapping[str, Any]) -> dict[str, float]:
        found = {output: values["auc"] for output, values in metrics["tasks"].items()}
        return {f"{output} AUC": float("nan") if auc is None else auc for output, auc in found.items()}

    return trials_of(run, siblings, quality) if siblings else None


def _predicted(name: str, run: RankerRun, dataset: Dataset, status: Callable[[str], None]) -> Predictions:
    done = 0

    def advance(rows: int) -> None:
        nonlocal done
        done += rows
        status(f"scoring the test split with {name}: {done:,} rows")

    return Predictor(run.model(), dataset).predict("test", advance)


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
