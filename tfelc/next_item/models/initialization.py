"""What a next-item model's weights are before the first step, other than random."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tfelc.next_item.data.batches import padded_blocks
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.model_settings.sequence_model import NeighborSettings
from tfelc.next_item.models.co_occurrence import co_occurrence_embeddings
from tfelc.next_item.models.nearness import nearness

# Root mean square of the items' lengths; random ones have 0.16. Chosen once, on Beauty's validation users.
_ITEM_LENGTH = 0.5
# Histories whose embeddings the centers' K-means is computed on.
_KMEANS_HISTORIES = 20_000


def initialize_items(table: Any, examples: Examples, num_items: int, seed: int) -> None:
    """Initializes items' embeddings by their co-occurrence; an item that stands near no other stays as it is.

    The untrained encoder lets the last item through nearly unchanged, so that the model recommends what co-occurs with
    it before its first step, and needs fewer of them.

    Args:
        table: Keras variable. The embeddings, at least `num_items + 1` rows, by item number.
        examples: Examples. The training examples.
        num_items: int. Items of the catalog.
        seed: int. Seed of the randomized SVD.
    """
    values = np.array(table)
    vectors = co_occurrence_embeddings(examples, num_items, values.shape[1], seed)
    near = np.flatnonzero(np.linalg.norm(vectors, axis=1) > 1e-6)
    values[near] = _ITEM_LENGTH * vectors[near]
    table.assign(values)


def neighbor_nearness(settings: NeighborSettings, examples: Examples, num_items: int) -> sparse.csr_matrix:
    """How near its nearest items stand to each item in the training histories.

    Args:
        settings: NeighborSettings. What counts as near.
        examples: Examples. The training examples.
        num_items: int. Items of the catalog.

    Returns:
        Sparse matrix, `(num_items + 1, num_items + 1)`, by item number.
    """
    return nearness(examples, num_items, settings.window, settings.decay, settings.backward, settings.num_neighbors)


def cluster_sample(model: Any, examples: Examples) -> NDArray[np.float32]:
    """What the untrained model would cluster of some histories, `(histories, dim)`.

    Args:
        model: SequentialRecommender. The model.
        examples: Examples. Whole histories.
    """
    if len(examples) > _KMEANS_HISTORIES:
        examples = examples.take(np.random.default_rng(0).permutation(len(examples))[:_KMEANS_HISTORIES])
    pool = _compiled(lambda rows: model.encode_and_pool(rows)[1])
    blocks = padded_blocks(examples, model.max_length)
    return np.concatenate([keras.ops.convert_to_numpy(pool(block)) for block in blocks])


def _compiled(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    if keras.backend.backend() != "tensorflow":
        return function
    import tensorflow as tf

    compiled: Callable[[Any], Any] = tf.function(
        function, input_signature=[tf.TensorSpec([None, None], tf.int32)], autograph=False
    )
    return compiled
