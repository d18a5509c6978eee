"""DSSRec: a vector for each of a user's intentions, which tell the next item and the user's future."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from keras import ops

from tfelc.layers.intention_heads import IntentionHeads
from tfelc.losses.future_contrast import future_contrast
from tfelc.losses.next_item.next_item_loss import NextItemLoss
from tfelc.next_item.model_settings.dssrec import DSSRecSettings
from tfelc.next_item.models.sasrec import SASRec

Tensor = Any


class DSSRec(SASRec):
    """A Transformer whose positions are summed once for each intention; the best of them scores an item.

    The loss of the next item (seq2item) is that of the intention nearest to it; the contrast (seq2seq) is between what
    a user had and what the user had next, latest first, intention by intention. In the source the softmax of a sample
    also runs over the other intentions' products; here it is the project's loss, which sees the nearest one's alone, so
    that every loss may be taken.

    Args:
        num_items: int. Items of the catalog.
        max_length: int. Longest history.
        settings: DSSRecSettings. The model's settings.
        loss: NextItemLoss. The loss of the next item.

    Example:
        >>> model = DSSRecSettings(num_intentions=3).create(100, 20, [1] * 100, seed=7)
        >>> items, targets = ops.convert_to_tensor([[0, 3, 7], [4, 2, 9]]), ops.convert_to_tensor([5, 8])
        >>> futures = ops.convert_to_tensor([[1, 5], [0, 8]])
        >>> list(model.compute_loss(items, targets, futures))
        ['next_item', 'future_contrast']
        >>> tuple(model(items)["embedding"].shape)
        (2, 192)

    Source: Ma et al., Disentangled Self-Supervision in Sequential Recommenders (2020), section 3.
    """

    settings: DSSRecSettings
    former_variables: ClassVar[tuple[str, ...]] = ()
    positive_view: ClassVar[Literal["same_target", "future"]] = "future"

    def __init__(self, num_items: int, max_length: int, settings: DSSRecSettings, loss: NextItemLoss) -> None:
        super().__init__(num_items, max_length, settings, loss, name="dssrec")
        self.intentions = IntentionHeads(settings.num_intentions, max_length, name="intentions")
        self.intentions.build((None, None, settings.encoder.dim))

    @property
    def vectors_per_user(self) -> int:
        """The intentions."""
        return self.settings.num_intentions

    @property
    def uses_positive_views(self) -> bool:
        """Whether training looks at what followed a history: always."""
        return True

    def encode(self, inputs: Tensor, training: bool = False) -> Tensor:
        """A vector for each intention, `(batch, intentions, dim)`."""
        return self.intentions(self.encoder(inputs, training=training), inputs != 0)

    def encode_and_pool(self, inputs: Tensor) -> tuple[Tensor, Tensor]:
        """A vector for each intention, and all of them side by side."""
        heads = self.encode(inputs)
        return heads, ops.reshape(heads, (-1, self.vectors_per_user * self.dim))

    def compute_loss(self, items: Tensor, targets: Tensor, positive_views: Tensor | None = None) -> dict[str, Tensor]:
        """The terms `next_item` and, of what `positive_views` says the users had next, `future_contrast`."""
        pasts = self.encode(items, training=True)
        terms = {"next_item": self.next_item_loss(self._nearest(pasts, targets), self.loss_table, targets)}
        if positive_views is not None:
            hidden = self.encoder(positive_views, training=True)
            futures = self.intentions(hidden, positive_views != 0, future=True)
            future = self.settings.future
            terms["future_contrast"] = future.weight * future_contrast(pasts, futures, future.kept)
        return terms

    def _nearest(self, heads: Tensor, targets: Tensor) -> Tensor:
        """Of each user the vector that scores the target best, `(batch, dim)`."""
        items = self.next_item_loss.scaled(ops.take(self.item_rows, targets, axis=0))
        scores = ops.matmul(self.next_item_loss.scaled(heads), items[:, :, None])[:, :, 0]
        return ops.take_along_axis(heads, ops.argmax(scores, axis=1)[:, None, None], axis=1)[:, 0]
