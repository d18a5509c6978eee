"""The settings of a next-item experiment: frozen models, read from YAML and `--set a.b=c`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from tfelc.core.settings import Settings

# What such an experiment is called: the task of a command, and the kind of its run.
NEXT_ITEM = "next_item"
# The settings of the named data sets, and of tables of one's own.
DEFAULTS = Path(__file__).parent / "defaults"


class SplitConfig(Settings):
    """Which actions are for training, validation and test, and how much of a history a model reads.

    Attributes:
        protocol: `leave_one_out` (the paper's), or `global_time`, which needs times and is free of leaks.
        max_length: Most recent items of a history that are read.
    """

    protocol: Literal["leave_one_out", "global_time"] = "leave_one_out"
    max_length: int = Field(50, ge=1)


class EncoderConfig(Settings):
    """The Transformer over the history; see `tfelc.layers.sequence_encoder`.

    Attributes:
        dim: Width of the embeddings.
        layers: Transformer blocks.
        heads: Attention heads.
        dropout: Of the embeddings and of the blocks' branches.
        attention_dropout: Of the attention weights.
        start: Where the weights begin: `random`; the items' embeddings at their `co_occurrence` within the training
            histories; or besides, the attention at the history's mean, `co_occurrence_mean`.
    """

    dim: int = Field(64, ge=1)
    layers: int = Field(1, ge=1)
    heads: int = Field(2, ge=1)
    dropout: float = Field(0.5, ge=0, lt=1)
    attention_dropout: float = Field(0.5, ge=0, lt=1)
    start: Literal["random", "co_occurrence", "co_occurrence_mean"] = "co_occurrence"


class IntentsConfig(Settings):
    """The learnable clusters of the users' embeddings, their intents (Eq. 3).

    Attributes:
        count: Number of clusters; 0 leaves the module out.
        pooling: What of a history is clustered: the `last` position, or the `mean` over its items.
        alpha: Weight of the clustering loss.
        objective: Which clustering loss; see `tfelc.losses.clustering`.
        temperature: Of the softmax over the similarities to the centers.
        momentum: 0: the centers follow the gradient; above it, the moving mean of the embeddings assigned to them.
        merge: Whether the number of clusters is found: close centers are merged, nearly empty ones dropped.
        start: Where the centers begin: `random`, or `kmeans` over the untrained encoder's embeddings.
    """

    count: int = Field(0, ge=0)
    pooling: Literal["last", "mean"] = "last"
    alpha: float = Field(0.1, ge=0)
    objective: Literal["paper", "nearest", "soft"] = "soft"
    temperature: float = Field(0.1, gt=0)
    momentum: float = Field(0.0, ge=0, lt=1)
    merge: bool = False
    start: Literal["random", "kmeans"] = "random"


class ContrastConfig(Settings):
    """The cluster-assisted contrast between two views of a history (Eq. 4 to 6).

    Attributes:
        sequence_weight: Weight of the sequence contrast (Eq. 4); with that of the intents 0 too, there are no views.
        intent_weight: Weight of the intent contrast (Eq. 6); needs clusters.
        views: `augment`: two views by crop, mask or reorder. `dropout`: the history and a second pass of it.
            `same_target`: the history and another one that the same item followed.
        pooling: How a view becomes one vector: `concat` of its positions (Eq. 2), their `mean`, or the `last`.
        fusion: How the nearest center enters a view (Eq. 5).
        normalize: Whether views are compared by cosine.
        temperature: Of the comparison.
        crop: Share that a crop keeps.
        mask: Share that is masked.
        reorder: Share that is shuffled.
    """

    sequence_weight: float = Field(0.0, ge=0)
    intent_weight: float = Field(0.0, ge=0)
    views: Literal["augment", "dropout", "same_target"] = "augment"
    pooling: Literal["concat", "mean", "last"] = "last"
    fusion: Literal["none", "shift", "concat"] = "none"
    normalize: bool = True
    temperature: float = Field(0.1, gt=0)
    crop: float = Field(0.2, ge=0, le=1)
    mask: float = Field(0.7, ge=0, le=1)
    reorder: float = Field(0.2, ge=0, le=1)

    @property
    def has_views(self) -> bool:
        """Whether training looks at other views of a history."""
        return self.sequence_weight > 0 or self.intent_weight > 0


class NextItemConfig(Settings):
    """The loss of the next item; see `tfelc.losses.next_item`.

    Attributes:
        loss: `softmax` over the catalog, `sampled_softmax`, `bce`, or `gbce`.
        negatives: Drawn items of the last three: a batch for `sampled_softmax`, a row for the others.
        power: `sampled_softmax` draws by popularity to this power.
        log_q: Whether `sampled_softmax` corrects for the chances of its draws.
        calibration: gBCE's t.
        normalize: Whether scores are cosines; serving scores alike.
        temperature: Scores are divided by it.
    """

    loss: Literal["softmax", "sampled_softmax", "bce", "gbce"] = "softmax"
    negatives: int = Field(1024, ge=1)
    power: float = Field(0.5, ge=0)
    log_q: bool = True
    calibration: float = Field(0.75, ge=0, le=1)
    normalize: bool = False
    temperature: float = Field(1.0, gt=0)


class NeighborsConfig(Settings):
    """Item-kNN as a term of the score, added once the model is trained; see `tfelc.layers.neighbor_scores`.

    Attributes:
        weight: Of the term; 0 leaves it out.
        count: Neighbors of an item.
        recency: Factor a step by which the older items of a history count less.
        window: Largest distance of two items that counts, in steps.
        decay: Power by which nearness falls with the distance.
        backward: Weight of what stood before an item, to that of what stood after it.
    """

    weight: float = Field(0.0, ge=0)
    count: int = Field(200, ge=1)
    recency: float = Field(0.9, gt=0, le=1)
    window: int = Field(20, ge=1)
    decay: float = Field(0.5, ge=0)
    backward: float = Field(0.25, ge=0)


class SequenceModelConfig(Settings):
    """What is built.

    Attributes:
        variant: `elcrec`, or with parts of it left out (Figure 4): `b_elcm` without the contrast, `b_ccl` without the
            clustering loss (the centers learn from the contrast alone), `b` without both, which is SASRec.
    """

    variant: Literal["elcrec", "b_elcm", "b_ccl", "b"] = "elcrec"
    encoder: EncoderConfig = EncoderConfig()
    clusters: IntentsConfig = IntentsConfig()
    contrast: ContrastConfig = ContrastConfig()
    next_item: NextItemConfig = NextItemConfig()
    neighbors: NeighborsConfig = NeighborsConfig()

    def effective(self) -> SequenceModelConfig:
        """The settings with the parts switched off that the variant leaves out."""
        clusters, contrast = self.clusters, self.contrast
        if self.variant in ("b", "b_elcm"):
            contrast = contrast.model_copy(update={"sequence_weight": 0.0, "intent_weight": 0.0})
        if self.variant == "b_ccl":
            clusters = clusters.model_copy(update={"alpha": 0.0})
        elif self.variant == "b":
            clusters = clusters.model_copy(update={"count": 0})
        return self.model_copy(update={"variant": "elcrec", "clusters": clusters, "contrast": contrast})

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if (dim := self.encoder.dim) % (heads := self.encoder.heads):
            raise ValueError(
                f"model.encoder.dim must be a multiple of model.encoder.heads. Received: {dim} and {heads}"
            )
        clusters, contrast = self.effective().clusters, self.effective().contrast
        if not contrast.has_views:
            return self
        if contrast.views != "augment" and contrast.pooling != "last":
            raise ValueError(
                f"model.contrast.views: `{contrast.views}` views are compared by model.contrast.pooling: last. "
                f"Received: {contrast.pooling}"
            )
        if not clusters.count and contrast.intent_weight:
            raise ValueError("model.contrast.intent_weight: there are no intents without model.clusters.count")
        if not clusters.count and contrast.fusion != "none":
            raise ValueError(
                f"model.contrast.fusion: there is no center to fuse without model.clusters.count. "
                f"Received: {contrast.fusion}"
            )
        return self


class SequenceTrainingConfig(Settings):
    """How the model is trained.

    Attributes:
        samples: `prefixes`: every prefix of a sequence is a sample, with the loss at its end. `windows`: a sequence is
            cut into windows, with the loss at every position. `sequences`: the last window alone, as in the paper.
        epochs: At most so many.
        batch_size: Samples per step.
        seed: Of everything random.
        learning_rate: Adam's.
        schedule: `constant`, or `linear` or `cosine` decay to zero over all the steps of `epochs`.
        weight_decay: AdamW's, of all weights but biases and norms; 0 is Adam.
        clip_norm: Largest norm of the gradients, all together; 0 leaves them alone.
        patience: Stops once the validation NDCG@20 has not improved for so many epochs.
        deterministic: Same seed, same machine: same bits.
    """

    samples: Literal["prefixes", "windows", "sequences"] = "prefixes"
    epochs: int = Field(40, ge=1)
    batch_size: int = Field(512, ge=1)
    seed: int = Field(7, ge=0, lt=2**32)
    learning_rate: float = Field(0.001, gt=0)
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    weight_decay: float = Field(0.0, ge=0)
    clip_norm: float = Field(0.0, ge=0)
    patience: int = Field(3, ge=1)
    deterministic: bool = True


class SequenceConfig(Settings):
    """All the settings of one run."""

    split: SplitConfig = SplitConfig()
    model: SequenceModelConfig = SequenceModelConfig()
    training: SequenceTrainingConfig = SequenceTrainingConfig()

    @model_validator(mode="after")
    def _agree(self) -> Self:
        contrast = self.model.effective().contrast
        if contrast.has_views and contrast.views == "same_target" and self.training.samples != "prefixes":
            raise ValueError(
                "model.contrast.views: `same_target` needs one target a sample, training.samples: prefixes. Received: "
                f"{self.training.samples}"
            )
        return self


def settings_file(source: str) -> Path:
    """The settings of a data set: the file of its name, or `default.yaml` for one without, such as one's own table."""
    path = DEFAULTS / f"{Path(source).name}.yaml"
    return path if path.is_file() else DEFAULTS / "default.yaml"
