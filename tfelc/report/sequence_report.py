"""The page of a next-item model's run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.data.examples import Examples
from tfelc.errors import RunError
from tfelc.evaluation.ranking_bootstrap import paired_ranking_bootstrap
from tfelc.evaluation.ranking_report import METRICS
from tfelc.evaluation.resampling import BootstrapResult
from tfelc.evaluation.sequence_evaluation import evaluate_sequences
from tfelc.models.elcrec import ELCRec
from tfelc.report.cluster_sizes import cluster_sizes
from tfelc.report.embedding_map import POINTS, embedding_map
from tfelc.report.markup import Markup, bullets, data_table, note
from tfelc.report.metric_tables import sequence_metrics
from tfelc.report.number_text import number
from tfelc.report.page import render_page
from tfelc.report.provenance import provenance
from tfelc.report.section import Section
from tfelc.report.sensitivity import Trial, sensitivity_curves, trials_of
from tfelc.report.training_curves import sequence_curves
from tfelc.training.sequence_batches import padded
from tfelc.training.sequence_run import SequenceRun, split

_BLOCK = 512


@dataclass(frozen=True)
class SequenceReport:
    """Measures a next-item model on the test split and writes what it finds as a page.

    Attributes:
        run: What is reported on.
        against: The model to beat, or None.
        siblings: Runs that differ in alpha, cluster number and seed alone, for the sensitivity.
        replicates: Resamples of the bootstrap.
    """

    run: SequenceRun
    against: SequenceRun | None = None
    siblings: Sequence[SequenceRun] = ()
    replicates: int = 1000

    def html(self, command: str, status: Callable[[str], None] = lambda words: None) -> str:
        """The page.

        Args:
            command: What makes it, as it is shown.
            status: Called with what is being done.

        Raises:
            RunError: A run is missing, damaged, or does not go with the first.
            DataError: The sequences cannot be read.
        """
        self._check()
        trials = trials_of(self.run, self.siblings, _quality) if self.siblings else None
        examples = split(self.run.sequences(), self.run.config().split).test
        runs = {self.run.path.name: self.run}
        if self.against is not None:
            taken = self.against.path.name in runs
            runs[str(self.against.path) if taken else self.against.path.name] = self.against
        results, ranks = {}, []
        for name, run in runs.items():
            model = run.model()
            advance = _advance(name, status)
            results[name], found = evaluate_sequences(model, examples, "test", progress=advance)
            ranks.append(found)
        differences = self._differences(ranks)
        status("drawing")
        return self._page(runs, results, differences, trials, examples, command)

    def _check(self) -> None:
        if self.against is None:
            return
        if self.against.facts()["data_hash"] != self.run.facts()["data_hash"]:
            raise RunError(
                f"{self.against.path}: was trained on other data than {self.run.path} (its hash differs); --against "
                "compares runs on the same data"
            )
        if self.against.config().split.protocol != self.run.config().split.protocol:
            raise RunError(f"{self.against.path}: splits the data otherwise than {self.run.path} (split.protocol)")

    def _differences(self, ranks: Sequence[NDArray[np.int32]]) -> dict[str, BootstrapResult]:
        if self.against is None:
            return {}
        own, other = ranks
        return {metric: paired_ranking_bootstrap(other, own, metric, self.replicates) for metric in METRICS}

    def _page(
        self,
        runs: Mapping[str, SequenceRun],
        results: Mapping[str, Mapping[str, Any]],
        differences: Mapping[str, BootstrapResult],
        trials: Sequence[Trial] | None,
        examples: Examples,
        command: str,
    ) -> str:
        name = self.run.path.name
        facts = self.run.facts()
        tables = [sequence_metrics(results)]
        if differences:
            tables.append(_differences_table(differences))
        sections = [
            Section("Quality", tables),
            Section("Clusters of users", _cluster_blocks(self.run.model(), examples)),
            Section("Training", [sequence_curves(self.run.read_json("history.json"))]),
            *([Section("Sensitivity", [sensitivity_curves(trials)])] if trials else []),
            provenance(runs, facts["data_hash"], command),
        ]
        summary = _summary(name, results[name], facts, differences, [*runs, ""][1])
        lead = f"{facts['users']:,} users, {facts['items']:,} items, {facts['actions']:,} actions of {facts['data']}"
        return render_page(f"Next-item model {name}", lead, [bullets(summary)], sections)


def _quality(metrics: Mapping[str, Any]) -> dict[str, float]:
    return {name.upper(): metrics["metrics"][name] for name in ("hr@5", "ndcg@20")}


def _advance(name: str, status: Callable[[str], None]) -> Callable[[int, int], None]:
    return lambda done, total: status(f"ranking the catalogue with {name}: user {done:,} of {total:,}")


def _summary(
    name: str,
    result: Mapping[str, Any],
    facts: Mapping[str, Any],
    differences: Mapping[str, BootstrapResult],
    other: str,
) -> list[str]:
    metrics, clusters = result["metrics"], result["clusters"]
    chance = min(1.0, 20 / facts["items"])
    lines = [
        f"{name} recommends the next item of each user, out of {facts['items']:,}.",
        f"For {metrics['hr@20']:.1%} of {result['users']:,} test users the item they really chose next is among its "
        f"first 20 (chance: about {chance:.1%}), for {metrics['hr@5']:.1%} among the first 5.",
    ]
    if not clusters:
        lines.append("The model has no clusters.")
    else:
        verdict = "have collapsed" if clusters["in_use"] < 2 else "cluster"
        lines.append(
            f"The clusters {verdict}: {clusters['in_use']:.1f} of {clusters['count']} are in use, the largest holds "
            f"{clusters['largest_share']:.0%} of the users."
        )
    if differences:
        ndcg = differences["ndcg@20"]
        verdict = "better" if ndcg.low > 0 else "worse" if ndcg.high < 0 else "not measurably better or worse"
        lines.append(
            f"Beside {other} it is {verdict} (NDCG@20 {number(ndcg.difference, True)}, 95 % interval "
            f"{number(ndcg.low, True)} to {number(ndcg.high, True)})."
        )
    return lines


def _differences_table(differences: Mapping[str, BootstrapResult]) -> Markup:
    rows = [
        [metric.upper(), *(number(value, True) for value in (found.difference, found.low, found.high))]
        for metric, found in differences.items()
    ]
    caption = "Difference from the other model, with its 95 % interval (paired bootstrap over users)"
    return data_table(caption, ("metric", "difference", "from", "to"), rows)


def _cluster_blocks(model: ELCRec, examples: Examples) -> list[Markup]:
    if len(examples) > POINTS:
        examples = examples.take(np.sort(np.random.default_rng(0).choice(len(examples), POINTS, replace=False)))
    examples = examples.truncated(model.encoder.max_length)
    blocks = (padded(examples.take(slice(at, at + _BLOCK))) for at in range(0, len(examples), _BLOCK))
    embeddings = np.concatenate([np.asarray(model.pooled(block)) for block in blocks])
    if model.clusters is None:
        everyone = np.full(len(embeddings), "users", dtype=object)
        return [note("The model has no clusters."), embedding_map(embeddings, {"all alike": everyone}, "users")]
    clusters = np.asarray(model.clusters(embeddings)["cluster"])
    colored = embedding_map(embeddings, {"by cluster": clusters.astype(object)}, "users")
    return [cluster_sizes(clusters, model.clusters.count), colored]
