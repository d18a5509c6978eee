"""What the training labels of quantities are like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tfelc.data.split_tables import SplitTables
from tfelc.losses.task_heads.create_head import fitted_scale
from tfelc.losses.task_heads.value_scale import ValueScale
from tfelc.ranker.data.outcomes import Outcomes
from tfelc.schema.schema import Schema
from tfelc.schema.task import Task


def value_scales(
    dataset: SplitTables,
    schema: Schema,
    tasks: Mapping[str, Task],
    heads: Sequence[str],
    before: Mapping[str, ValueScale] | None = None,
) -> dict[str, ValueScale]:
    """The scale of each task that predicts a quantity, over the rows of the training split that it learns from.

    Args:
        dataset: SplitTables. The prepared dataset.
        schema: Schema. Its columns.
        tasks: Mapping of str to Task. The tasks, and those that they are conditioned on.
        heads: Sequence of str. The tasks that are predicted.
        before: Mapping of task to scale. Those of a run whose weights are taken over, which stay as they are, since the
            weights mean what they mean by them. Defaults to None: there is none.
    """
    kept = dict(before or {})
    wanted = [name for name in heads if tasks[name].is_value and name not in kept]
    if not wanted:
        return kept
    train = Outcomes.read(dataset, schema, tasks, "train")
    return kept | {name: fitted_scale(tasks[name], train.labels[name][train.space(name)]) for name in wanted}
