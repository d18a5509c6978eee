"""What every next-item model is to training, evaluation, export and serving."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Literal

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from tfelc.layers.learnable_clusters import LearnableClusters
from tfelc.layers.neighbor_scores import NeighborScores
from tfelc.losses.next_item.next_item_loss import NextItemLoss
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.data.item_attributes import ItemAttributes
from tfelc.next_item.model_settings.sequence_model import SequenceModelSettings
from tfelc.next_item.models.chosen_rows import chosen_rows
from tfelc.next_item.models.initialization import cluster_sample, neighbor_nearness

Tensor = Any


class SequentialRecommender(keras.Model):
    """Scores the items of a catalog after a history, by the product of two embeddings.

    A subclass makes its layers in `__init__`, calls `add_parts` after them, and writes `encode`, `item_embeddings` and
    `compute_loss`; candidates, ranking, clusters, neighbors, export and scoring come with this class.

    Calling it gives what serving needs, for histories `(batch, length)` of item numbers, padded with 0 on the left:

    - `embedding`: float32, `(batch, dim)`, as it is multiplied with `candidates`; several vectors side by side where
      there are more `vectors_per_user`;
    - `assignment` and `cluster` of `LearnableClusters`, where there are clusters;
    - `neighbor_scores`: float32, `(batch, num_items + 1)`, what `NeighborScores` adds to the product, where its weight
      is above 0.

    Args:
        num_items: int. Items of the catalog; number 0 is padding.
        max_length: int. Longest history.
        settings: SequenceModelSettings. The model's settings.
        loss: NextItemLoss. The loss of the next item; it also says how embeddings are scaled.
        name: str. The model's name.

    Example:
        >>> class MeanOfItems(SequentialRecommender):
        ...     def __init__(self, num_items, max_length, settings, loss):
        ...         super().__init__(num_items, max_length, settings, loss, name="mean_of_items")
        ...         self.table = keras.layers.Embedding(num_items + 1, 4)
        ...         self.table.build()
        ...         self.add_parts(dim=4)
        ...
        ...     @property
        ...     def item_embeddings(self):
        ...         return self.table.embeddings
        ...
        ...     def encode(self, inputs, training=False):
        ...         return mean_over_items(self.table(inputs), inputs)
        ...
        ...     def compute_loss(self, items, targets, positive_views=None):
        ...         return {"next_item": self.next_item_loss(self.encode(items), self.item_embeddings, targets)}
        >>> from tfelc.losses.next_item.full_softmax import FullSoftmax
        >>> from tfelc.next_item.model_settings.sasrec import SASRecSettings
        >>> model = MeanOfItems(100, 20, SASRecSettings(), FullSoftmax())
        >>> {name: tuple(value.shape) for name, value in model(ops.convert_to_tensor([[0, 3, 7]])).items()}
        {'embedding': (1, 4)}
    """

    # Paths of variables that checkpoints of earlier versions hold after those that the model has.
    former_variables: ClassVar[tuple[str, ...]] = ()
    # What `compute_loss` takes as `positive_views`, where `uses_positive_views`: another history that the `same_target`
    # followed, or the `future`, which is what the user had after the history, latest first.
    positive_view: ClassVar[Literal["same_target", "future"]] = "same_target"

    def __init__(
        self, num_items: int, max_length: int, settings: SequenceModelSettings, loss: NextItemLoss, name: str
    ) -> None:
        super().__init__(name=name)
        self.num_items = num_items
        # Items that training ranks; those behind them, which nobody has taken yet, are no negatives.
        self.num_trained = num_items
        self.max_length = max_length
        self.settings = settings
        self.next_item_loss = loss
        self.clusters: LearnableClusters | None = None
        self.neighbors: NeighborScores | None = None

    def add_parts(self, dim: int) -> None:
        """Makes the clusters and the neighbors as far as they are set; the subclass's own layers come before them.

        Args:
            dim: int. Width of what is clustered.
        """
        if self.settings.cluster_settings.num_clusters:
            self.clusters = LearnableClusters(**self.settings.cluster_settings.layer_arguments(), name="clusters")
            self.clusters.build((None, dim))
        if (neighbors := self.settings.neighbors).weight:
            self.neighbors = NeighborScores(
                self.num_items, neighbors.num_neighbors, neighbors.weight, neighbors.recency, name="neighbors"
            )
            self.neighbors.build((None, None))
        self.built = True

    @property
    @abstractmethod
    def item_embeddings(self) -> Tensor:
        """The items' embeddings by item number, `(num_items + 1, dim)`; row 0 is padding."""

    @abstractmethod
    def encode(self, inputs: Tensor, training: bool = False) -> Tensor:
        """What the model makes of each history, `(batch, dim)`.

        Args:
            inputs: Tensor. Int32, `(batch, length)`, padded with 0 on the left.
            training: bool. Whether dropout is at work. Defaults to False.
        """

    @abstractmethod
    def compute_loss(self, items: Tensor, targets: Tensor, positive_views: Tensor | None = None) -> dict[str, Tensor]:
        """Every term of the loss of one training batch, weighted as it enters the sum.

        Args:
            items: Tensor. Int32, `(batch, length)`, padded with 0 on the left.
            targets: Tensor. Int32; `(batch,)`, what follows each history, or `(batch, length)`, what follows each
                position.
            positive_views: Tensor or None. Int32, `(batch, other length)`: of each sample what `positive_view` says,
                where `uses_positive_views`.

        Returns:
            Name of the term -> scalar.
        """

    def next_item_term(self, hidden: Tensor, last: Tensor, items: Tensor, targets: Tensor) -> Tensor:
        """The loss of the next item, after each history or after each of its positions.

        Args:
            hidden: Tensor. What the model makes of each position, `(batch, length, dim)`; not looked at where there is
                one target a history.
            last: Tensor. What it makes of each history, `(batch, dim)`.
            items: Tensor. Int32, `(batch, length)`.
            targets: Tensor. Int32, `(batch,)` or `(batch, length)`.
        """
        if len(targets.shape) == 1:
            return self.next_item_loss(last, self.loss_table, targets)
        # Pads have no target; they are dropped before the loss, which may cost a whole catalog for each row.
        vectors, wanted = chosen_rows(items, hidden, targets)
        return self.next_item_loss(vectors, self.loss_table, wanted)

    @property
    def uses_positive_views(self) -> bool:
        """Whether `compute_loss` takes another view of each sample; a model that does learns from `prefixes`."""
        return False

    @property
    def pretraining_epochs(self) -> int:
        """Epochs of pre-training, before those that `training.epochs` counts."""
        return 0

    def compute_pretraining_loss(
        self, items: Tensor, targets: Tensor, positive_views: Tensor | None = None
    ) -> dict[str, Tensor]:
        """As `compute_loss`, in the first `pretraining_epochs`; weights that it does not use stay as they are."""
        raise NotImplementedError(f"{self.name}: pre-training has no loss")

    def begin_epoch(self, samples: Examples, seed: int) -> None:
        """Changes what an epoch holds fixed, before its first step; a subclass may, and the base has nothing to.

        What it changes has to be a weight of the model, and to follow from the weights, the samples and the seed alone:
        a run that goes on inside an epoch does not call it again, and one that goes on before the first step does.

        Args:
            samples: Examples. The histories that the epochs are made of, and what followed them.
            seed: int. A seed of the epoch's own.
        """

    @property
    def dim(self) -> int:
        """Width of an embedding."""
        return int(self.item_embeddings.shape[1])

    @property
    def item_rows(self) -> Tensor:
        """A table that holds `item_embeddings`, and may go on behind them.

        A subclass whose `item_embeddings` are cut out of a table gives that table: what is taken of it by rows has a
        gradient of those rows, and what is taken of the cut one of all.
        """
        return self.item_embeddings

    @property
    def loss_table(self) -> Tensor:
        """What `next_item_loss` is given: `item_rows`, or the embeddings of the items that training ranks."""
        if self.next_item_loss.takes_rows:
            return self.item_rows
        items = self.item_embeddings
        return items if self.num_trained == self.num_items else items[: self.num_trained + 1]

    def add_item_attributes(self, attributes: ItemAttributes, seen: NDArray[np.bool_], num_trained: int) -> None:
        """Makes embeddings of what is known of items; a model whose settings have `item_attributes` writes it.

        Args:
            attributes: ItemAttributes. What is known of the items, in the order of the catalog.
            seen: Array. Whether training has seen an item, `(items,)`.
            num_trained: int. Items that training ranks, the first ones of the catalog.
        """
        raise NotImplementedError(f"{self.name}: has no items' attributes")

    @property
    def vectors_per_user(self) -> int:
        """Vectors that `encode` gives of a user, then as `(batch, vectors, dim)`; the best one scores an item."""
        return 1

    @property
    def candidates(self) -> Tensor:
        """The items as they are scored, `(num_items + 1, dim)`; row 0 is padding."""
        return self.next_item_loss.scaled(self.item_embeddings)

    def encode_and_pool(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """What `encode` gives, and what is clustered of each history, `(batch, any)`; the same by default."""
        embedding = self.encode(inputs)
        return embedding, embedding

    def call(self, inputs: Tensor, training: bool | None = None) -> dict[str, Tensor]:
        """What serving needs."""
        embedding, pooled = self.encode_and_pool(inputs)
        scaled = self.next_item_loss.scaled(embedding)
        if self.vectors_per_user > 1:
            scaled = ops.reshape(scaled, (-1, self.vectors_per_user * self.dim))
        outputs = {"embedding": scaled}
        if self.clusters is not None:
            assigned = self.clusters(pooled)
            outputs |= {"assignment": assigned["assignment"], "cluster": assigned["cluster"]}
        if self.neighbors is not None:
            outputs["neighbor_scores"] = self.neighbors(inputs)
        return outputs

    def initialize_weights(self, train: Examples, validation: Examples, seed: int) -> None:
        """Fills what is not drawn at random: the neighbors are counted, and the centers may be those of K-means.

        Args:
            train: Examples. The training examples.
            validation: Examples. The validation examples; their histories are whole.
            seed: int. Seed of K-means.
        """
        if self.neighbors is not None:
            self.neighbors.set_neighbors(neighbor_nearness(self.settings.neighbors, train, self.num_items))
        if self.clusters is not None and self.settings.cluster_settings.initialization == "kmeans":
            self.clusters.initialize_centers(cluster_sample(self, validation), seed)


def mean_over_items(hidden: Tensor, items: Tensor) -> Tensor:
    """The mean of what a model makes of each position, over the positions that are no pads.

    Args:
        hidden: Tensor. `(batch, length, dim)`.
        items: Tensor. Int32, `(batch, length)`, padded with 0.

    Returns:
        Tensor of shape `(batch, dim)`.

    Example:
        >>> hidden = ops.convert_to_tensor([[[9.0], [1.0], [2.0]]])
        >>> mean_over_items(hidden, ops.convert_to_tensor([[0, 4, 7]])).numpy().tolist()
        [[1.5]]
    """
    real = ops.cast(items != 0, hidden.dtype)[:, :, None]
    return ops.sum(hidden * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0)
