"""Which trainings several workers cannot share."""

from __future__ import annotations

from collections.abc import Sequence

from tfelc.core.errors import UsageError
from tfelc.lifecycle.training.workers.workers import Workers
from tfelc.losses.task_balance.task_balance import TaskBalance
from tfelc.ranker.settings import RankerSettings


def refuse_undivided(settings: RankerSettings, tasks: Sequence[str], workers: Workers | None) -> None:
    """Raises UsageError where the workers' steps would not come to one step on the whole batch.

    Args:
        settings: How it is trained, nothing of it `auto`.
        tasks: The tasks to predict.
        workers: Who trains; None for one process, which can do anything.

    Raises:
        UsageError: The batches cannot be dealt out evenly, or a part of the training needs a whole batch.

    Example:
        >>> class Three(Workers):
        ...     count = 3
        >>> settings = RankerSettings.load(None, ["training.batch_size=64"])
        >>> refuse_undivided(settings, ["ctr"], Three())
        Traceback (most recent call last):
        tfelc.core.errors.UsageError: training.batch_size: 64 rows are not dealt out evenly to 3 workers; set it to 66
    """
    if workers is None or workers.count == 1:
        return
    training, count = settings.training, workers.count
    if rest := int(training.batch_size) % count:
        even = int(training.batch_size) + count - rest
        raise UsageError(
            f"training.batch_size: {training.batch_size} rows are not dealt out evenly to {count} workers; "
            f"set it to {even}"
        )
    balance = training.balance.create(list(tasks), {}, training.seed)
    if type(balance).gradients is not TaskBalance.gradients:
        raise UsageError(
            f"training.balance: `{training.balance.name}` needs the gradients of a whole batch, which {count} workers "
            "do not have; take fixed, or train with one worker"
        )
    if training.xla:
        raise UsageError(f"training.xla: {count} workers cannot exchange what XLA computes; set it to false")
