"""Where a next-item model's weights begin, other than at random, and those that are counted and not trained."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from tfelc.next_item.data.batches import padded_blocks
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.models.co_occurrence import co_occurrence_embeddings, nearness
from tfelc.next_item.models.elcrec import ELCRec

# Root mean square of the items' lengths; random ones have 0.16. Chosen once, on Beauty's validation users.
_ITEM_LENGTH = 0.5
# Histories whose embeddings the K-means start of the centers is computed on.
_KMEANS_HISTORIES = 20_000


def start_items(model: ELCRec, examples: Examples, seed: int) -> None:
    """Starts the items' embeddings at their co-occurrence; an item that stands near no other stays as it is.

    The untrained encoder lets the last item through nearly unchanged, so that the model recommends what co-occurs with
    it before its first step, and needs fewer of them.
    """
    table = np.array(model.encoder.item_table)
    vectors = co_occurrence_embeddings(examples, model.encoder.items, model.encoder.dim, seed)
    near = np.flatnonzero(np.linalg.norm(vectors, axis=1) > 1e-6)
    table[near] = _ITEM_LENGTH * vectors[near]
    model.encoder.item_table.assign(table)


def count_neighbors(model: ELCRec, examples: Examples) -> None:
    """Fills the table of the items' neighbors from the training histories."""
    assert model.neighbors is not None
    config = model.config.neighbors
    near = nearness(examples, model.encoder.items, config.window, config.decay, config.backward)
    model.neighbors.set_neighbors(near)


def start_centers(model: ELCRec, examples: Examples, seed: int) -> None:
    """Starts the cluster centers at K-means over what the untrained model makes of the histories."""
    assert model.clusters is not None
    if len(examples) > _KMEANS_HISTORIES:
        examples = examples.take(np.random.default_rng(0).permutation(len(examples))[:_KMEANS_HISTORIES])
    pool = tf.function(model.pooled, input_signature=[tf.TensorSpec([None, None], tf.int32)])
    blocks = padded_blocks(examples, model.encoder.max_length)
    model.clusters.initialize_centers(np.concatenate([pool(block).numpy() for block in blocks]), seed)
