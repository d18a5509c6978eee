"""What comes with the base class, seen on a model of a few lines."""

from __future__ import annotations

from typing import Any, Literal

import keras
import numpy as np
import pytest

from tests.support.sequence_models import ITEM_BATCH, ITEMS, TARGETS, assert_steps_lower_the_loss, values
from tfelc.lifecycle.settings.clusters import ClusterSettings
from tfelc.losses.next_item.full_softmax import FullSoftmax
from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.data.splits import leave_one_out
from tfelc.next_item.model_settings.sequence_model import SequenceModelSettings
from tfelc.next_item.models.sequential_recommender import SequentialRecommender, mean_over_items


class MeanSettings(SequenceModelSettings):
    name: Literal["mean"] = "mean"
    clusters: ClusterSettings = ClusterSettings(num_clusters=0)

    @property
    def cluster_settings(self) -> ClusterSettings:
        return self.clusters

    def create(self, num_items: int, max_length: int, counts: Any, seed: int) -> SequentialRecommender:
        return MeanOfItems(num_items, max_length, self, self.loss.create(counts, seed))


class MeanOfItems(SequentialRecommender):
    """The mean of the items' embeddings; the subclass writes its table, `encode` and `compute_loss`."""

    def __init__(self, num_items: int, max_length: int, settings: MeanSettings, loss: Any) -> None:
        super().__init__(num_items, max_length, settings, loss, name="mean")
        self.table = keras.layers.Embedding(num_items + 1, 4, name="table")
        self.table.build()
        self.add_parts(dim=4)

    @property
    def item_embeddings(self) -> Any:
        return self.table.embeddings

    def encode(self, inputs: Any, training: bool = False) -> Any:
        return mean_over_items(self.table(inputs), inputs)

    def compute_loss(self, items: Any, targets: Any, positive_views: Any = None) -> dict[str, Any]:
        return {"next_item": self.next_item_loss(self.encode(items, training=True), self.item_embeddings, targets)}


def _model(items: int = ITEMS, **settings: Any) -> SequentialRecommender:
    keras.utils.set_random_seed(3)
    loaded = MeanSettings.model_validate(settings)
    return loaded.create(items, 8, np.ones(items, np.int64), 0)


def test_it_serves_what_is_scored() -> None:
    model = _model()
    assert (model.dim, model.num_items, model.max_length) == (4, ITEMS, 8)
    assert model.clusters is None and model.neighbors is None and not model.uses_positive_views
    outputs = model(ITEM_BATCH)
    assert list(outputs) == ["embedding"]
    np.testing.assert_array_equal(outputs["embedding"], model.encode(ITEM_BATCH))
    np.testing.assert_array_equal(model.candidates, model.item_embeddings)
    assert values(model.compute_loss(ITEM_BATCH, TARGETS)) == {
        "next_item": pytest.approx(float(FullSoftmax()(outputs["embedding"], model.candidates, TARGETS)))
    }


def test_clusters_and_neighbors_come_with_their_settings() -> None:
    splits = leave_one_out(simulate(users=200, items=ITEMS, seed=2).sequences)
    model = _model(
        clusters={"num_clusters": 3, "initialization": "kmeans"}, neighbors={"weight": 2.0, "num_neighbors": 4}
    )
    before = np.array(model.clusters.centers)
    model.initialize_weights(splits.train, splits.validation, seed=0)
    assert np.any(np.array(model.clusters.centers) != before)
    outputs = model(ITEM_BATCH)
    assert {name: tuple(value.shape) for name, value in outputs.items()} == {
        "embedding": (5, 4),
        "assignment": (5, 3),
        "cluster": (5,),
        "neighbor_scores": (5, ITEMS + 1),
    }
    assert np.array(outputs["neighbor_scores"]).max() > 0
    np.testing.assert_array_equal(outputs["cluster"], model.clusters(model.encode_and_pool(ITEM_BATCH)[1])["cluster"])


def test_cosines_are_served_where_the_loss_compares_by_them() -> None:
    model = _model(loss={"name": "softmax", "normalize": True})
    for rows in (model(ITEM_BATCH)["embedding"], model.candidates):
        np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-5)


def test_steps_lower_the_loss() -> None:
    assert_steps_lower_the_loss(_model(), share=0.9)


def test_the_mean_leaves_pads_out() -> None:
    hidden = np.array([[[9.0], [9], [1], [3]], [[1], [2], [3], [4]], [[7], [7], [7], [7]]], "float32")
    items = np.array([[0, 0, 5, 5], [1, 2, 3, 4], [0, 0, 0, 0]], "int32")
    np.testing.assert_allclose(mean_over_items(hidden, items), [[2], [2.5], [0]])
