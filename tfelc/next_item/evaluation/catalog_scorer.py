"""A trained next-item model as a scorer of whole catalogs."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from tfelc.next_item.data.batches import padded
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.models.best_products import best_products
from tfelc.next_item.models.sequential_recommender import SequentialRecommender


class CatalogScorer:
    """Scores every item after each history: the product of the two embeddings, and the neighbors' bonus if any.

    The items' embeddings are taken once, so a scorer stands for the weights of the moment it was made.

    Args:
        model: The model.
        graph: Of `embedding_graph`, where the same model is scored again and again. Defaults to None: a new one.

    Attributes:
        clusters: Clusters of the users scored so far, one array a call, in the order in which calls end; empty arrays
            without clusters.
    """

    def __init__(self, model: SequentialRecommender, graph: Any = None) -> None:
        self._max_length = model.max_length
        self._vectors_per_user = model.vectors_per_user
        self._candidates = tf.transpose(tf.convert_to_tensor(model.candidates))
        self._embed = graph or embedding_graph(model)
        self.clusters: list[NDArray[np.int32]] = []

    def embed(self, examples: Examples) -> dict[str, NDArray[Any]]:
        """What the model gives for each history: see `SequentialRecommender`."""
        return {name: value.numpy() for name, value in self._outputs(examples).items()}

    def scores(self, examples: Examples) -> NDArray[np.float32]:
        """Scores by item number, `(examples, items + 1)`."""
        outputs = self._outputs(examples)
        self.clusters.append(np.asarray(outputs.get("cluster", np.zeros(0, np.int32))))
        # By TensorFlow, whose threads share the cores when blocks are scored side by side; NumPy's wait for each other.
        found = best_products(outputs["embedding"], self._candidates, self._vectors_per_user)
        if "neighbor_scores" in outputs:
            found += outputs["neighbor_scores"]
        scores: NDArray[np.float32] = found.numpy()
        return scores

    def _outputs(self, examples: Examples) -> dict[str, Any]:
        outputs: dict[str, Any] = self._embed(padded(examples.truncated(self._max_length)))
        return outputs


def embedding_graph(model: SequentialRecommender) -> Any:
    """The model as a graph for histories of any number and length; making it takes about a second."""
    return tf.function(model, input_signature=[tf.TensorSpec([None, None], tf.int32)], autograph=False)
