"""What the settings leave to the size of the catalog."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from tfelc.losses.next_item.settings import AutoLossSettings, SampledSoftmaxSettings
from tfelc.next_item.data.evaluated_users import most_users
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.run import split
from tfelc.next_item.settings import NextItemSettings, SplitSettings


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
    return _with_loss(_with_users(settings, sequences, printed), sequences.num_items, printed)


def _with_users(settings: NextItemSettings, sequences: Sequences, printed: Callable[[str], None]) -> NextItemSettings:
    def evaluating(users: int | Literal["all"]) -> SplitSettings:
        return settings.split.model_copy(update={"evaluated_users": users})

    items = sequences.num_items
    splits = split(sequences, evaluating("all"))
    most = most_users(settings.split.evaluated_users, items)
    if settings.split.evaluated_users != "auto" or most is None:
        return settings
    validation, test = len(splits.validation), len(splits.test)
    if max(validation, test) <= most:
        return settings.model_copy(update={"split": evaluating("all")})
    printed(
        f"ranked are {min(validation, most):,} of {validation:,} validation users and {min(test, most):,} of {test:,} "
        f"test users, since each is a score for all of {items:,} items (split.evaluated_users: {most}; all ranks "
        "every one)"
    )
    return settings.model_copy(update={"split": evaluating(most)})


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
