"""What the settings leave to the size of the catalog."""

from __future__ import annotations

from collections.abc import Callable

from tfelc.losses.next_item.settings import AutoLossSettings, SampledSoftmaxSettings
from tfelc.next_item.data.evaluated_users import most_users, with_most_users
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.run import split
from tfelc.next_item.settings import NextItemSettings


def fitted_to_catalog(
    settings: NextItemSettings, sequences: Sequences, printed: Callable[[str], None]
) -> NextItemSettings:
    """The settings with a loss, an optimizer and a number of evaluated users in place of `auto`.

    Args:
        settings: NextItemSettings. The settings; their protocol is chosen.
        sequences: Sequences. The users' sequences.
        printed: Callable. Takes what is said of a choice that another size would not have made.

    Raises:
        DataError: A split is empty.
    """
    items = sequences.num_items
    everyone = settings.split.model_copy(update={"evaluated_users": "all"})
    splits = split(sequences, everyone)
    if settings.split.evaluated_users != "auto":
        return _with_loss(settings, items, printed)
    most = most_users("auto", items)
    drawn = with_most_users(splits, most)
    if all(len(getattr(drawn, name)) == len(getattr(splits, name)) for name in ("validation", "test")):
        most = None
    else:
        printed(
            f"ranked are {len(drawn.validation):,} of {len(splits.validation):,} validation users and "
            f"{len(drawn.test):,} of {len(splits.test):,} test users, since each is a score for all of {items:,} items "
            f"(split.evaluated_users: {most}; all ranks every one)"
        )
    chosen = settings.split.model_copy(update={"evaluated_users": most or "all"})
    return _with_loss(settings.model_copy(update={"split": chosen}), items, printed)


def _with_loss(settings: NextItemSettings, items: int, printed: Callable[[str], None]) -> NextItemSettings:
    if not isinstance(settings.model.loss, AutoLossSettings):
        return settings
    loss, optimizer = settings.model.loss.chosen(items), settings.optimizer
    if isinstance(loss, SampledSoftmaxSettings):
        # Adam would move the whole table at each step, for the few rows that a batch takes.
        if "name" not in optimizer.model_fields_set:
            optimizer = optimizer.model_copy(update={"name": "lazy_adam"})
        printed(
            f"of {items:,} items the loss draws {loss.num_negatives:,} for a batch "
            f"(model.loss: {loss.name}, optimizer.name: {optimizer.name}); model.loss=softmax weighs all of them"
        )
    model = settings.model.model_copy(update={"loss": loss})
    return settings.model_copy(update={"model": model, "optimizer": optimizer})
