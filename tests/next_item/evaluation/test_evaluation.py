from dataclasses import replace

import keras
import numpy as np
import pytest
from rich.console import Console

from tfelc.lifecycle.evaluation.comparison_table import comparison_table
from tfelc.losses.next_item.full_softmax import FullSoftmax
from tfelc.metrics.registries import RANKING_METRICS
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.data.splits import leave_one_out
from tfelc.next_item.evaluation.catalog_scorer import CatalogScorer, embedding_graph
from tfelc.next_item.evaluation.comparison import compare
from tfelc.next_item.evaluation.evaluation import evaluate
from tfelc.next_item.evaluation.tables import ranking_table
from tfelc.next_item.models.elcrec import ELCRec
from tfelc.next_item.settings import NextItemSettings

USERS, ITEMS, MAX_LENGTH = 50, 30, 5


def _model(seed: int = 0, clusters: int = 3, normalize: bool = False) -> ELCRec:
    keras.utils.set_random_seed(seed)
    config = NextItemSettings.load(None, ["model.encoder.dim=8", f"model.clusters.num_clusters={clusters}"])
    model = ELCRec(ITEMS, MAX_LENGTH, config.model, FullSoftmax(normalize))
    rng = np.random.default_rng(seed)
    for weight in model.trainable_variables:
        weight.assign(rng.normal(size=weight.shape) * 0.6)
    return model


def _examples() -> Examples:
    """Users of all lengths in no order, some of whom had their target before."""
    test = leave_one_out(simulate(USERS, ITEMS).sequences).test
    targets = test.targets.copy()
    targets[::5] = test.actions[test.starts[::5]]
    rng = np.random.default_rng(0)
    again = Examples(test.actions, test.starts, test.stops, targets, test.users)
    return again.take(rng.permutation(len(test)))


MODEL, EXAMPLES = _model(), _examples()


def _sorted_ranks(model: ELCRec, remove_seen: bool) -> list[int]:
    """Each target's place in a list sorted by score, one history at a time."""
    ranks = []
    for row in range(len(EXAMPLES)):
        history = EXAMPLES.history(row)
        embedding = np.array(model(history[None, -MAX_LENGTH:])["embedding"])[0]
        scores = np.array(model.candidates) @ embedding
        scores[0] = -np.inf
        if remove_seen:
            scores[history] = -np.inf
        order = np.argsort(-scores, kind="stable")
        target = EXAMPLES.targets[row]
        missed = np.isneginf(scores[target])
        ranks.append(ITEMS + 1 if missed else int(np.flatnonzero(order == target)[0]) + 1)
    return ranks


@pytest.mark.parametrize(("remove_seen", "normalize"), [(True, False), (False, False), (True, True)])
def test_it_agrees_with_sorting_one_user_at_a_time(remove_seen: bool, normalize: bool) -> None:
    model = _model(normalize=normalize)
    result, ranks = evaluate(model, EXAMPLES, "test", remove_seen)
    wanted = _sorted_ranks(model, remove_seen)
    assert ranks.tolist() == wanted
    assert (result.split, result.unit, result.count) == ("test", "users", USERS)
    assert list(result.metrics) == ["next_item"]
    metrics = result.metrics["next_item"]
    assert list(metrics) == ["hr@5", "hr@10", "hr@20", "ndcg@5", "ndcg@10", "ndcg@20"]
    for cutoff in (5, 10, 20):
        hits = [rank for rank in wanted if rank <= cutoff]
        assert metrics[f"hr@{cutoff}"] == pytest.approx(len(hits) / USERS)
        assert metrics[f"ndcg@{cutoff}"] == pytest.approx(sum(1 / np.log2(rank + 1) for rank in hits) / USERS)
    assert (ITEMS + 1 in wanted) == remove_seen


def test_the_use_of_the_clusters() -> None:
    result, _ = evaluate(MODEL, EXAMPLES, "validation")
    own = [int(MODEL(EXAMPLES.history(row)[None, -MAX_LENGTH:])["cluster"][0]) for row in range(USERS)]
    shares = np.bincount(own, minlength=3) / USERS
    entropy = -sum(share * np.log(share) for share in shares if share)
    assert result.clusters.num_clusters == 3
    assert result.clusters.in_use == pytest.approx(np.exp(entropy))
    assert result.clusters.largest_share == pytest.approx(shares.max())
    assert 0.3 < shares.max() < 1
    assert evaluate(_model(clusters=0), EXAMPLES, "test")[0].clusters is None


def test_progress_and_one_graph_for_many_evaluations() -> None:
    heard: list[tuple[int, int]] = []
    graph = embedding_graph(MODEL)
    first = evaluate(MODEL, EXAMPLES, "test", True, lambda done, total: heard.append((done, total)), graph)
    assert heard[-1] == (USERS, USERS)
    again = evaluate(MODEL, EXAMPLES, "test", graph=graph)
    assert again[0].metrics == first[0].metrics and again[0].clusters.in_use == first[0].clusters.in_use
    assert graph.experimental_get_tracing_count() == 1
    np.testing.assert_array_equal(again[1], first[1])


def test_the_scorer_reads_the_most_recent_items_alone() -> None:
    scorer = CatalogScorer(MODEL)
    longest = EXAMPLES.take(np.argsort(-EXAMPLES.lengths)[:3])
    assert longest.lengths.min() > MAX_LENGTH
    np.testing.assert_array_equal(scorer.scores(longest), scorer.scores(longest.truncated(MAX_LENGTH)))
    assert scorer.scores(longest).shape == (3, ITEMS + 1)
    assert set(scorer.embed(longest)) == {"embedding", "assignment", "cluster"}


def test_a_comparison() -> None:
    other = _model(seed=1)
    ranks, other_ranks = (evaluate(model, EXAMPLES, "test")[1] for model in (MODEL, other))
    found = compare(MODEL, ranks, other, EXAMPLES)
    assert found.unit == "users" and found.metrics == evaluate(other, EXAMPLES, "test")[0].metrics
    hits = found.differences["next_item"]["hr@5"]
    assert hits.difference == pytest.approx(np.mean(ranks <= 5) - np.mean(other_ranks <= 5))
    assert hits.low <= hits.difference <= hits.high and 0 < hits.p_value <= 1
    assert -0.5 <= found.adjusted_rand_index < 0.9
    itself = compare(MODEL, ranks, MODEL, EXAMPLES)
    assert itself.adjusted_rand_index == pytest.approx(1)
    assert {
        (found.difference, found.low, found.high, found.p_value) for found in itself.differences["next_item"].values()
    } == {(0.0, 0.0, 0.0, 1.0)}
    assert compare(MODEL, ranks, _model(clusters=0), EXAMPLES).adjusted_rand_index is None


def _printed(table) -> str:
    console = Console(width=100, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(table)
    return console.export_text()


def test_tables_show_the_figures() -> None:
    result, ranks = evaluate(MODEL, EXAMPLES, "test")
    metrics = result.metrics["next_item"]
    shown = _printed(ranking_table(result))
    assert f"test, {USERS} users, whole catalog" in shown and "clusters in use" in shown
    for name in ("HR", "NDCG"):
        (row,) = [line.split() for line in shown.splitlines() if line.split()[:1] == [name]]
        assert row[1:] == [f"{metrics[f'{name.lower()}@{cutoff}']:.4f}" for cutoff in (5, 10, 20)]
    assert "seen items too" in " ".join(_printed(ranking_table(result, keep_seen=True)).split())
    assert "clusters" not in _printed(ranking_table(replace(result, clusters=None)))
    comparison = compare(MODEL, ranks, _model(seed=1), EXAMPLES)
    shown = _printed(comparison_table(comparison, "runs/b", RANKING_METRICS))
    assert "difference from runs/b" in shown and "adjusted Rand index" in shown
    assert f"{comparison.differences['next_item']['ndcg@20'].low:+.4f}" in shown
    without = _printed(comparison_table(replace(comparison, adjusted_rand_index=None), "runs/b", RANKING_METRICS))
    assert "Rand" not in without
