"""ICLRec: CL4SRec with intents, clusters that K-means finds anew before each epoch."""

from __future__ import annotations

from typing import Any

from keras import ops

from tfelc.losses.contrastive import batch_intent_contrast
from tfelc.losses.l2_normalized import l2_normalized
from tfelc.losses.next_item.next_item_loss import NextItemLoss
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.model_settings.iclrec import ICLRecSettings
from tfelc.next_item.models.cl4srec import CL4SRec
from tfelc.next_item.models.initialization import cluster_sample
from tfelc.next_item.models.sequential_recommender import mean_over_items

Tensor = Any


class ICLRec(CL4SRec):
    """CL4SRec whose views are also contrasted with their user's intent.

    A generalized EM: before each epoch (E-step) K-means clusters what the model makes of the users, the mean over the
    items of each user's longest training history; within the epoch (M-step) the intents stay, and both views of a
    history are pulled to the intent nearest to the history, away from the other intents of the batch. Users of the same
    intent are no negatives. As in the source's code the prototypes are of length 1; here K-means compares directions
    too, so that the intents are the clusters that are served.

    Args:
        num_items: int. Items of the catalog.
        max_length: int. Longest history.
        settings: ICLRecSettings. The model's settings.
        loss: NextItemLoss. The loss of the next item.
        seed: int. Seed of the augmentations. Defaults to 0.

    Example:
        >>> model = ICLRecSettings(intents={"num_clusters": 3}).create(100, 20, [1] * 100, seed=7)
        >>> items, targets = ops.convert_to_tensor([[0, 3, 7], [4, 2, 9]]), ops.convert_to_tensor([5, 8])
        >>> list(model.compute_loss(items, targets))
        ['next_item', 'sequence_contrast', 'intent_contrast']

    Source: Chen et al., Intent Contrastive Learning for Sequential Recommendation (2022), section 4.
    """

    settings: ICLRecSettings

    def __init__(
        self, num_items: int, max_length: int, settings: ICLRecSettings, loss: NextItemLoss, seed: int = 0
    ) -> None:
        super().__init__(num_items, max_length, settings, loss, seed, name="iclrec")
        assert self.clusters is not None
        # K-means moves the centers, and no gradient.
        self.clusters.trainable = False

    def encode_and_pool(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """The last position, and what is clustered: the mean over the items."""
        hidden = self.encoder(inputs)
        return hidden[:, -1], mean_over_items(hidden, inputs)

    def begin_epoch(self, samples: Examples, seed: int) -> None:
        """The E-step: K-means over the users' longest histories."""
        assert self.clusters is not None
        self.clusters.initialize_centers(cluster_sample(self, samples.longest()), seed)

    def compute_loss(self, items: Tensor, targets: Tensor, positive_views: Tensor | None = None) -> dict[str, Tensor]:
        """The terms `next_item`, `sequence_contrast` and `intent_contrast`."""
        hidden, last = self.hidden_and_last(items, targets, all_positions=True)
        terms = {"next_item": self.next_item_term(hidden, last, items, targets)}
        views = self.augmented_views(items)
        of_views = self.encoder(views, training=True)
        terms["sequence_contrast"] = self.sequence_term(of_views, views)
        terms["intent_contrast"] = self._intent_term(mean_over_items(hidden, items), mean_over_items(of_views, views))
        return terms

    def _intent_term(self, users: Tensor, views: Tensor) -> Tensor:
        """The contrast of the views, `(2 batch, dim)`, with the intents of their users, `(batch, dim)`."""
        assert self.clusters is not None
        intents, centers = self.settings.intents, l2_normalized(self.clusters.centers)
        cluster = self.clusters(users)["cluster"]
        if self.settings.contrast.normalize:
            views = l2_normalized(views)
        terms = [
            batch_intent_contrast(view, centers, cluster, intents.temperature) for view in ops.split(views, 2, axis=0)
        ]
        return intents.weight * sum(terms)
