"""The page of a next-item model's run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from tfelc.lifecycle.evaluation.result import EvaluationResult
from tfelc.lifecycle.evaluation.with_yardsticks import with_yardsticks
from tfelc.lifecycle.report.cluster_sizes import cluster_sizes
from tfelc.lifecycle.report.embedding_map import POINTS, embedding_map
from tfelc.lifecycle.report.headline import headline
from tfelc.lifecycle.report.markup import Markup, bullets, note
from tfelc.lifecycle.report.number_text import number
from tfelc.lifecycle.report.run_report import Content, RunReport, Status
from tfelc.lifecycle.report.section import Section
from tfelc.lifecycle.report.words import words
from tfelc.lifecycle.report.yardsticks_markup import yardsticks_markup
from tfelc.metrics.registries import RANKING_METRICS
from tfelc.next_item.data.batches import padded_blocks
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.data.filtering import Filtering
from tfelc.next_item.evaluation.comparison import compare
from tfelc.next_item.evaluation.evaluation import evaluate
from tfelc.next_item.evaluation.tables import YARDSTICK_METRICS
from tfelc.next_item.evaluation.training_actions import TrainingActions
from tfelc.next_item.models.sequential_recommender import SequentialRecommender
from tfelc.next_item.report.metric_tables import differences_table, groups_table, lists_table, ranking_table
from tfelc.next_item.report.summary_sentences import cluster_sentence, comparison_sentence, quality_sentences
from tfelc.next_item.report.training_curves import training_curves
from tfelc.next_item.run import NextItemRun, split
from tfelc.next_item.settings import NEXT_ITEM


@dataclass(frozen=True)
class NextItemReport(RunReport[NextItemRun]):
    """Measures a next-item model on the test split and writes what it finds as a page.

    Attributes:
        run: What is reported on.
        against: The model to beat, or None.
        siblings: Runs that differ in alpha, cluster number and seed alone, for the sensitivity.
        data: Name or path of the sequences to measure on; None is what the run names.
    """

    data: str | None = None

    def content(self, status: Status) -> Content:
        """Measures the models and draws what is found.

        Args:
            status: Called with what is being done.
        """
        model, metadata = self.run.model(), self.run.metadata
        sequences = self.run.sequences(self.data)
        splits = split(sequences, self.run.settings.split)
        examples, training = splits.test, TrainingActions.of(splits.train, sequences.num_items)
        removes = not self.run.settings.repeats
        result, ranks = evaluate(model, examples, "test", removes, _advance(self.name, status), training=training)
        result = with_yardsticks(result, self.run, sequences.hash)
        metrics = {self.name: result.metrics[NEXT_ITEM]}
        summary = [*quality_sentences(self.name, result, metadata["items"]), cluster_sentence(result.clusters)]
        differences = []
        if self.against is not None:
            progress = _advance(self.other, status)
            comparison = compare(model, ranks, self.against.model(), examples, removes, progress)
            metrics[self.other] = comparison.metrics[NEXT_ITEM]
            summary.append(comparison_sentence(comparison, self.other))
            differences.append(differences_table(comparison))
        beside = []
        if result.yardsticks:
            beside.append(yardsticks_markup(result, "model", YARDSTICK_METRICS, RANKING_METRICS))
        status("drawing")
        counts = (f"{metadata[name]:,} {name}" for name in ("users", "items", "actions"))
        filtered = f"; {Filtering(**metadata['filtering']).sentence()}" if "filtering" in metadata else ""
        return Content(
            title=f"Next-item model {self.run.settings.model.name}: {self.name}",
            lead=f"{', '.join(counts)} of {metadata['data']}{filtered}",
            summary=[headline(_figures(result, self.run.metadata["items"])), bullets(summary)],
            sections=[
                Section(
                    "Quality",
                    [
                        ranking_table(metrics),
                        *beside,
                        *differences,
                        lists_table({self.name: result.metrics[NEXT_ITEM]}),
                        groups_table(result),
                    ],
                ),
                Section("Clusters of users", _cluster_blocks(model, examples)),
            ],
            curves=training_curves(self.run.read_json("history.json")),
            tables=[words(("HR@k", "NDCG@k", "adjusted Rand", "interval"))],
            data_hash=metadata["data_hash"],
        )

    def quality(self, result: EvaluationResult) -> dict[str, float]:
        """A metric of a short list, and one of a long list."""
        return {RANKING_METRICS.get(name).heading: result.metrics[NEXT_ITEM][name] for name in ("hr@5", "ndcg@20")}


def _figures(result: EvaluationResult, items: int) -> list[tuple[str, str, str]]:
    """What the page begins with."""
    found = result.metrics[NEXT_ITEM]
    return [
        (RANKING_METRICS.get(name).heading, number(found[name]), f"chance {number(chance)}")
        for name, chance in (("hr@10", min(10 / items, 1.0)), ("hr@20", min(20 / items, 1.0)))
    ] + [(RANKING_METRICS.get("ndcg@20").heading, number(found["ndcg@20"]), f"{result.count:,} users")]


def _advance(name: str, status: Status) -> Callable[[int, int], None]:
    return lambda done, total: status(f"ranking the catalog with {name}: user {done:,} of {total:,}")


def _cluster_blocks(model: SequentialRecommender, examples: Examples) -> list[Markup]:
    if len(examples) > POINTS:
        examples = examples.take(np.sort(np.random.default_rng(0).choice(len(examples), POINTS, replace=False)))
    blocks = padded_blocks(examples, model.max_length)
    embeddings = np.concatenate([np.asarray(model.encode_and_pool(block)[1]) for block in blocks])
    if model.clusters is None:
        everyone = np.full(len(embeddings), "users", dtype=object)
        return [note("The model has no clusters."), embedding_map(embeddings, {"all alike": everyone}, "users")]
    clusters = np.asarray(model.clusters(embeddings)["cluster"])
    colored = embedding_map(embeddings, {"by cluster": clusters.astype(object)}, "users")
    return [cluster_sizes(clusters, model.clusters.num_clusters, "users"), colored]
