"""The page of a next-item model's run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfelc.lifecycle.report.embedding_map import POINTS, embedding_map
from tfelc.lifecycle.report.markup import Markup, bullets, data_table, note
from tfelc.lifecycle.report.number_text import number
from tfelc.lifecycle.report.page import render_page
from tfelc.lifecycle.report.provenance import provenance
from tfelc.lifecycle.report.section import Section
from tfelc.lifecycle.report.sensitivity_curves import sensitivity_curves
from tfelc.lifecycle.report.training_curves import sequence_curves
from tfelc.lifecycle.report.trial import Trial, trials_of
from tfelc.lifecycle.training.health import COLLAPSED
from tfelc.next_item.data.batches import padded_blocks
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.evaluation.comparison import compare_sequences
from tfelc.next_item.evaluation.evaluation import evaluate_sequences
from tfelc.next_item.models.elcrec import ELCRec
from tfelc.next_item.report.cluster_sizes import cluster_sizes
from tfelc.next_item.run import SequenceRun, split
from tfelc.ranker.report.metric_tables import sequence_metrics


@dataclass(frozen=True)
class SequenceReport:
    """Measures a next-item model on the test split and writes what it finds as a page.

    Attributes:
        run: What is reported on.
        against: The model to beat, or None.
        siblings: Runs that differ in alpha, cluster number and seed alone, for the sensitivity.
        data: Name or path of the sequences to measure on; None is what the run names.
    """

    run: SequenceRun
    against: SequenceRun | None = None
    siblings: Sequence[SequenceRun] = ()
    data: str | None = None

    def html(self, command: str, status: Callable[[str], None] = lambda words: None) -> str:
        """The page.

        Args:
            command: What makes it, as it is shown.
            status: Called with what is being done.

        Raises:
            RunError: A run is missing or damaged, or differs from the first in more than the sensitivity allows.
            UsageError: The run to beat ranks other examples.
            DataError: The sequences cannot be read.
        """
        if self.against is not None:
            self.run.refuse_incomparable(self.against)
        trials = trials_of(self.run, self.siblings, _quality) if self.siblings else None
        model = self.run.model()
        examples = split(self.run.sequences(self.data), self.run.config().split).test
        name = self.run.path.name
        runs = {name: self.run}
        result, ranks = evaluate_sequences(model, examples, "test", progress=_advance(name, status))
        results: dict[str, Mapping[str, Any]] = {name: result}
        comparison = None
        if self.against is not None:
            other = str(self.against.path) if self.against.path.name == name else self.against.path.name
            runs[other] = self.against
            progress = _advance(other, status)
            comparison = compare_sequences(model, ranks, self.against.model(), examples, progress=progress)
            results[other] = comparison
        status("drawing")
        return self._page(runs, results, comparison, trials, _cluster_blocks(model, examples), command)

    def _page(
        self,
        runs: Mapping[str, SequenceRun],
        results: Mapping[str, Mapping[str, Any]],
        comparison: Mapping[str, Any] | None,
        trials: Sequence[Trial] | None,
        clusters: Sequence[Markup],
        command: str,
    ) -> str:
        name = self.run.path.name
        metadata = self.run.metadata()
        tables = [sequence_metrics(results)]
        if comparison is not None:
            tables.append(_differences_table(comparison))
        sections = [
            Section("Quality", tables),
            Section("Clusters of users", clusters),
            Section("Training", [sequence_curves(self.run.read_json("history.json"))]),
            *([Section("Sensitivity", [sensitivity_curves(trials)])] if trials else []),
            provenance(runs, metadata["data_hash"], command),
        ]
        summary = _summary(name, results[name], metadata, comparison, [*runs, ""][1])
        counts = (f"{metadata[name]:,} {name}" for name in ("users", "items", "actions"))
        lead = f"{', '.join(counts)} of {metadata['data']}"
        return render_page(f"Next-item model {name}", lead, [bullets(summary)], sections)


def _quality(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {name.upper(): metrics["metrics"][name] for name in ("hr@5", "ndcg@20")}


def _advance(name: str, status: Callable[[str], None]) -> Callable[[int, int], None]:
    return lambda done, total: status(f"ranking the catalog with {name}: user {done:,} of {total:,}")


def _summary(
    name: str,
    result: Mapping[str, Any],
    metadata: Mapping[str, Any],
    comparison: Mapping[str, Any] | None,
    other: str,
) -> list[str]:
    metrics, clusters = result["metrics"], result["clusters"]
    chance = min(1.0, 20 / metadata["items"])
    lines = [
        f"{name} recommends the next item of each user, out of {metadata['items']:,}.",
        f"For {metrics['hr@20']:.1%} of {result['users']:,} test users the item they really chose next is among its "
        f"first 20 (chance: about {chance:.1%}), for {metrics['hr@5']:.1%} among the first 5.",
    ]
    if not clusters:
        lines.append("The model has no clusters.")
    else:
        verdict = "have collapsed" if clusters["in_use"] < COLLAPSED else "cluster"
        lines.append(
            f"The clusters {verdict}: {clusters['in_use']:.1f} of {clusters['count']} are in use, the largest holds "
            f"{clusters['largest_share']:.0%} of the users."
        )
    if comparison is not None:
        ndcg = comparison["differences"]["ndcg@20"]
        verdict = "better" if ndcg["low"] > 0 else "worse" if ndcg["high"] < 0 else "not measurably better or worse"
        lines.append(
            f"Beside {other} it is {verdict} (NDCG@20 {number(ndcg['difference'], True)}, 95 % interval "
            f"{number(ndcg['low'], True)} to {number(ndcg['high'], True)})."
        )
    return lines


def _differences_table(comparison: Mapping[str, Any]) -> Markup:
    rows = [
        [metric.upper(), *(number(found[key], True) for key in ("difference", "low", "high"))]
        for metric, found in comparison["differences"].items()
    ]
    caption = "Difference from the other model, with its 95 % interval (paired bootstrap over users)"
    return data_table(caption, ("metric", "difference", "from", "to"), rows)


def _cluster_blocks(model: ELCRec, examples: Examples) -> list[Markup]:
    if len(examples) > POINTS:
        examples = examples.take(np.sort(np.random.default_rng(0).choice(len(examples), POINTS, replace=False)))
    blocks = padded_blocks(examples, model.max_length)
    embeddings = np.concatenate([np.asarray(model.pooled(block)) for block in blocks])
    if model.clusters is None:
        everyone = np.full(len(embeddings), "users", dtype=object)
        return [note("The model has no clusters."), embedding_map(embeddings, {"all alike": everyone}, "users")]
    clusters = np.asarray(model.clusters(embeddings)["cluster"])
    colored = embedding_map(embeddings, {"by cluster": clusters.astype(object)}, "users")
    return [cluster_sizes(clusters, model.clusters.num_clusters), colored]
