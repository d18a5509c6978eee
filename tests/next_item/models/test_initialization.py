import numpy as np

from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.data.splits import leave_one_out
from tfelc.next_item.evaluation.evaluation import evaluate
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.models.initialization import cluster_sample, initialize_items, neighbor_nearness
from tfelc.next_item.models.item_knn import ItemKnn
from tfelc.next_item.run import build_model
from tfelc.next_item.settings import NextItemSettings


def _untrained(items: int, *settings: str):
    config = NextItemSettings.load(None, ["model.encoder.dim=16", "split.max_length=20", *settings])
    return build_model(config, items, np.ones(items, np.int64))


def test_initialized_items_recommend_before_the_first_step():
    sequences = simulate(users=500, items=100, seed=2).sequences
    splits = leave_one_out(sequences)
    model = _untrained(100)
    random, _ = evaluate(model, splits.validation, "validation")
    masks = np.array(model.encoder.item_table[-1])
    initialize_items(model.encoder.item_table, splits.train, model.num_items, seed=0)
    started, _ = evaluate(model, splits.validation, "validation")
    assert started.metrics["next_item"]["hr@10"] > 2 * random.metrics["next_item"]["hr@10"]
    # The mask's embedding, which is no item's, stays as it was.
    np.testing.assert_array_equal(model.encoder.item_table[-1], masks)


def test_an_item_that_stands_near_no_other_stays_random():
    sequences = simulate(users=500, items=100, seed=2).sequences
    train = leave_one_out(sequences).train
    model = _untrained(101)  # number 101 is never seen
    before = np.array(model.encoder.item_table)
    initialize_items(model.encoder.item_table, train, model.num_items, seed=0)
    after = np.array(model.encoder.item_table)
    np.testing.assert_array_equal(after[[0, 101, 102]], before[[0, 101, 102]])
    assert not np.allclose(after[1:101], before[1:101])
    np.testing.assert_allclose(np.sqrt(np.mean(np.sum(after[1:101] ** 2, axis=1))), 0.5, rtol=0.02)


def test_initialized_centers_are_in_use():
    splits = leave_one_out(simulate(users=500, items=100, seed=2).sequences)
    model = _untrained(100, "model.clusters.num_clusters=8")
    initialize_items(model.encoder.item_table, splits.train, model.num_items, seed=0)
    model.clusters.initialize_centers(cluster_sample(model, splits.validation), seed=0)
    result, _ = evaluate(model, splits.validation, "validation")
    assert result.clusters.in_use > 4
    assert result.clusters.largest_share < 0.5


def test_counted_neighbors_are_those_of_item_knn():
    splits = leave_one_out(simulate(users=500, items=100, seed=2).sequences)
    settings = [
        f"model.neighbors.{each}" for each in ("weight=1000", "num_neighbors=100", "recency=0.7", "backward=0.25")
    ]
    model = _untrained(100, *settings, "model.neighbors.window=4", "model.neighbors.decay=1")
    model.neighbors.set_neighbors(neighbor_nearness(model.settings.neighbors, splits.train, 100))
    # So heavy a weight leaves nothing to the untrained model; ties of item-kNN go by popularity.
    _, ranks = evaluate(model, splits.validation, "validation")
    knn = ItemKnn(100, window=4, decay=1.0, recency=0.7, backward=0.25).fit(splits.train)
    wanted = full_ranking(knn, splits.validation, 100).ranks
    assert np.mean(ranks == wanted) > 0.95


def test_each_setting_initializes_what_it_says():
    """Whatever is not initialized stays as it was drawn."""
    splits = leave_one_out(simulate(users=200, items=50, seed=2).sequences)

    def changed(*settings: str) -> set[str]:
        model = _untrained(50, *settings)
        before = [np.array(variable) for variable in model.variables]
        model.initialize_weights(splits.train, splits.validation, seed=3)
        pairs = zip(model.variables, before, strict=True)
        return {variable.path for variable, value in pairs if not np.array_equal(variable, value)}

    sasrec = ("model.name=sasrec", "model.encoder.initialization=random")
    assert changed(*sasrec) == set()
    assert changed(*sasrec, "model.encoder.initialization=co_occurrence") == {"encoder/item_table"}
    mean = {f"encoder/block_0/{name}_kernel" for name in ("value", "output")}
    assert changed(*sasrec, "model.encoder.initialization=co_occurrence_mean") == {"encoder/item_table", *mean}
    assert changed(*sasrec, "model.neighbors.weight=1") == {"neighbors/neighbors", "neighbors/nearness"}
    elcrec = ("model.encoder.initialization=random", "model.clusters.num_clusters=4")
    assert changed(*elcrec) == set()
    assert changed(*elcrec, "model.clusters.initialization=kmeans") == {"clusters/centers"}
