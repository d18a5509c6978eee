"""Clusters whose centers are weights, learned end to end with the rest of the model."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops
from numpy.typing import NDArray

from tfelc.core.batch_parts import batch_parts
from tfelc.core.errors import DataError
from tfelc.core.step_status import name_step
from tfelc.layers.center_updates import BLOCK, moving_means, still_active
from tfelc.losses import clustering
from tfelc.losses.l2_normalized import l2_normalized
from tfelc.metrics.clusters_in_use import ClustersInUse
from tfelc.metrics.largest_cluster_share import LargestClusterShare

Tensor = Any


# How much of the old share of a cluster stays in its running mean in each step.
_SHARE_MOMENTUM = 0.99


@keras.saving.register_keras_serializable(package="tfelc")
class LearnableClusters(keras.layers.Layer):
    """Assigns each embedding to one of `num_clusters` learnable centers, by cosine similarity.

    `assignment_i = softmax_j(<h_i, c_j> / temperature)`, with embeddings `h` and centers `c` L2-normalized. In training
    `alpha * loss` is added to the model's loss, the loss being one of `tfelc.losses.clustering`; the raw loss stands in
    the logs as `cluster_loss`, and the clusters' use as `clusters_in_use` and `largest_cluster_share`. They are not
    computed outside training, so their `val_` values in `fit` carry nothing.
    The layer runs in float32 whatever the precision policy or `dtype` says: a bfloat16 softmax no longer sums to 1.

    Args:
        num_clusters: int. Number of clusters; with `merge`, the number before any are merged.
        alpha: float. Weight of the clustering loss. Defaults to 0.1.
        objective: str. `paper` (Eq. 3), `nearest` or `soft`; see `tfelc.losses.clustering`. Defaults to `paper`.
        temperature: float. Temperature of the softmax over the cosine similarities; smaller is harder. Defaults to
            0.1.
        momentum: float. 0: the centers follow the gradient. Above 0, below 1: they follow the exponential moving mean
            of the embeddings assigned to them (softly under `soft`, else the nearest) and are not trained; the loss
            then moves the embeddings alone. See `moving_means`. Defaults to 0.
        merge: bool. Whether the number of clusters is found: close centers are merged and nearly empty ones dropped
            while it trains, see `still_active`. The clusters in use are a weight, `active`, of 1 and 0; one that went
            has an assignment of 0 and does not come back. Defaults to False.
        **kwargs: Arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: Float tensor of shape `(batch, dim)`; a row of zeros is as far from every center.

    Returns:
        A dictionary.

    - `assignment`: float32, `(batch, num_clusters)`, rows that sum to 1.
    - `center`: float32, `(batch, dim)`, the nearest center, normalized; the gradient flows to that center.
    - `cluster`: int32, `(batch,)`, the number of the nearest center (the first of several equally near).

    Raises:
        ValueError: An argument is out of its range.

    Example:
        >>> clusters = LearnableClusters(num_clusters=2, alpha=0.1)
        >>> clusters.build((None, 2))
        >>> clusters.initialize_centers(np.array([[1.0, 0.1], [1.0, -0.1], [-0.1, 2.0], [0.1, 2.0]]), seed=7)
        >>> found = clusters(ops.convert_to_tensor([[3.0, 0.2], [5.0, 0.1], [0.0, 1.0]]))
        >>> first, second, third = found["cluster"].numpy().tolist()
        >>> first == second != third
        True
        >>> found["assignment"].numpy().max(axis=1).round(2).tolist()
        [1.0, 1.0, 1.0]

    Source: ELCRec, section 3.4.2 (the module, Eq. 3) and A.3 (it assists the gates of an MMoE).
    """

    def __init__(
        self,
        num_clusters: int,
        alpha: float = 0.1,
        objective: str = "paper",
        temperature: float = 0.1,
        momentum: float = 0.0,
        merge: bool = False,
        **kwargs: Any,
    ) -> None:
        """See the class."""
        # In mixed precision Keras would also run the tracker in bfloat16, whose count stands still at 256.
        super().__init__(**{**kwargs, "dtype": "float32"})
        if num_clusters < 1:
            raise ValueError(f"`num_clusters` must be at least 1. Received: num_clusters={num_clusters}")
        if alpha < 0:
            raise ValueError(f"`alpha` must not be negative. Received: alpha={alpha}")
        if objective not in clustering.OBJECTIVES:
            known = ", ".join(clustering.OBJECTIVES)
            raise ValueError(f"`objective` must be one of {known}. Received: objective={objective!r}")
        if temperature <= 0:
            raise ValueError(f"`temperature` must be above 0. Received: temperature={temperature}")
        if not 0 <= momentum < 1:
            raise ValueError(f"`momentum` must be at least 0 and below 1. Received: momentum={momentum}")
        self.num_clusters = num_clusters
        self.alpha = alpha
        self.objective = objective
        self.temperature = temperature
        self.momentum = momentum
        self.merge = merge
        # On JAX, Keras's `fit` gives a call the weights and no metrics: one that is updated there fails.
        self._tracks = keras.backend.backend() != "jax"
        if self._tracks:
            self.loss_tracker = keras.metrics.Mean(name="cluster_loss")
            self.use_tracker = ClustersInUse(num_clusters)
            self.share_tracker = LargestClusterShare(num_clusters)

    def build(self, input_shape: tuple[int | None, ...]) -> None:
        """Makes the centers, drawn from a normal of about unit length."""
        if len(input_shape) != 2 or input_shape[-1] is None:
            raise ValueError(f"`inputs` must be 2-D, (batch, dim), with a known dim. Received: shape={input_shape}")
        dim = input_shape[-1]
        self.centers = self.add_weight(
            shape=(self.num_clusters, dim),
            initializer=keras.initializers.RandomNormal(stddev=dim**-0.5),
            trainable=self.momentum == 0,
            name="centers",
        )
        if self.merge:
            even = keras.initializers.Constant(1 / self.num_clusters)
            self.active = self.add_weight(
                shape=(self.num_clusters,), initializer="ones", trainable=False, name="active"
            )
            self.share = self.add_weight(shape=(self.num_clusters,), initializer=even, trainable=False, name="share")
            self.step = self.add_weight(shape=(), initializer="zeros", dtype="int32", trainable=False, name="step")

    def call(self, inputs: Tensor, training: bool | None = None) -> dict[str, Tensor]:
        """Assigns the rows; in training also adds the loss, tracks it, and moves, merges and drops centers."""
        embeddings = l2_normalized(inputs)
        centers = l2_normalized(self.centers)
        active = ops.convert_to_tensor(self.active) if self.merge else None
        similarity = clustering.similarities(embeddings, centers, active)
        assignment = clustering.assignment(similarity, self.temperature)
        cluster = ops.cast(ops.argmax(similarity, axis=-1), "int32")
        if training:
            loss = clustering.OBJECTIVES[self.objective](embeddings, centers, self.temperature, active)
            self.add_loss(self.alpha * loss)
            # Keras's `fit` on JAX hands a call the weights alone, so that a metric in it fails.
            if keras.backend.backend() != "jax":
                self.loss_tracker.update_state(loss)
                self.use_tracker.update_state(assignment)
                self.share_tracker.update_state(cluster)
            if self.momentum:
                soft = self.objective == "soft"
                shares = assignment if soft else ops.one_hot(cluster, self.num_clusters, dtype="float32")
                self.centers.assign(moving_means(centers, embeddings, shares, self.momentum))
            if active is not None:
                self._merge(centers, assignment, active)
        return {"assignment": assignment, "center": ops.take(centers, cluster, axis=0), "cluster": cluster}

    def _merge(self, centers: Tensor, assignment: Tensor, active: Tensor) -> None:
        (held,) = batch_parts().mean([ops.mean(assignment, axis=0)])
        share = _SHARE_MOMENTUM * self.share + (1 - _SHARE_MOMENTUM) * held
        first = self.step * BLOCK % self.num_clusters
        self.active.assign(still_active(centers, share, active, self.temperature, first))
        self.share.assign(share)
        self.step.assign_add(1)

    def initialize_centers(self, embeddings: NDArray[np.floating[Any]], seed: int) -> None:
        """Initializes the centers as the K-means centers of a sample, instead of at random.

        Where the sample holds fewer distinct directions than there are centers, the rest stay as they are. The same
        sample and seed give the same centers to the bit.

        Args:
            embeddings: Array. A sample of the layer's inputs, `(rows, dim)`; some thousand rows per cluster are plenty.
            seed: int. Seed of K-means.

        Raises:
            ValueError: The layer is not built, or the sample's width is not the layer's.
            DataError: The sample holds a value that is not finite, or nothing but zeros.
        """
        if not self.built:
            raise ValueError(f"{self.name}: call or build the layer before `initialize_centers`")
        sample = np.asarray(embeddings, dtype=np.float64)
        dim = self.centers.shape[1]
        if sample.ndim != 2 or sample.shape[1] != dim:
            raise ValueError(f"`embeddings` must be of shape (rows, {dim}). Received: shape={sample.shape}")
        if not np.all(np.isfinite(sample)):
            row = int(np.argmin(np.isfinite(sample).all(axis=1)))
            raise DataError(f"K-means of `{self.name}`: the embedding of row {row} is not finite")
        sample = sample[np.any(sample != 0, axis=1)]
        if len(sample) == 0:
            raise DataError(f"K-means of `{self.name}`: the sample holds no embedding other than zero")

        # Imported here: they load slowly and only training initializes centers.
        from sklearn.cluster import KMeans
        from threadpoolctl import threadpool_limits

        sample /= np.linalg.norm(sample, axis=1, keepdims=True)
        # Float32's own rounding must not count as a direction of its own.
        distinct = len(np.unique(sample.round(6), axis=0))
        found = min(self.num_clusters, distinct)
        name_step(f"searching {found:,} initial cluster centers by K-means among {len(sample):,} embeddings")
        # One thread: the order of sums, and so the last bits of the centers, would else depend on the machine's load.
        with threadpool_limits(limits=1):
            means = KMeans(found, n_init=4, random_state=seed).fit(sample).cluster_centers_
        centers = np.array(ops.convert_to_numpy(self.centers))
        centers[:found] = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-12)
        self.centers.assign(centers)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__`."""
        return {
            **super().get_config(),
            "num_clusters": self.num_clusters,
            "alpha": self.alpha,
            "objective": self.objective,
            "temperature": self.temperature,
            "momentum": self.momentum,
            "merge": self.merge,
        }
