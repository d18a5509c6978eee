"""What the ranking term of a training compares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tfelc.core.errors import UsageError
from tfelc.losses.ranking.ranking_losses import ranked_tasks
from tfelc.losses.ranking.settings import NoRankingSettings, RankingTermSettings
from tfelc.ranker.data.ranked_together import RankedTogether
from tfelc.schema.schema import Schema
from tfelc.schema.task import Task


def ranked_together(
    schema: Schema, tasks: Mapping[str, Task], heads: Sequence[str], settings: RankingTermSettings
) -> RankedTogether | None:
    """What tells apart the rows that a ranking term compares; None where there is no such term.

    Args:
        schema: The schema of the data.
        tasks: The tasks to predict and those that they are conditioned on.
        heads: The tasks to predict.
        settings: Those of the term.

    Raises:
        UsageError: Nothing tells them apart, no task has an order, or what is logged would have the name of a task's.
    """
    if isinstance(settings, NoRankingSettings):
        return None
    ranked = ranked_tasks(tasks, heads)
    if not ranked:
        raise UsageError(f"training.ranking: none of the tasks {', '.join(heads)} is binary; leave it out")
    for task in ranked:
        if (delay := tasks[task].delay) is not None and delay.immature == "weight":
            raise UsageError(
                f"training.ranking compares what came with what did not, and of task `{task}` that is not known in "
                "young rows: set its `delay.immature` to `drop`, or leave it out"
            )
        if f"{task}_ranking" in heads:
            raise UsageError(f"task `{task}_ranking`: what training.ranking logs of `{task}` has that name; rename it")
    return RankedTogether(schema, getattr(settings, "group", None))
