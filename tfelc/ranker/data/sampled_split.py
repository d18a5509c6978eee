"""Splits that hold a share of the rows in which an outcome did not come."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.dataset import Dataset
from tfelc.data.negative_sampling import SAMPLED_NEGATIVES, sampling_line
from tfelc.data.split_tables import SplitTables
from tfelc.schema.schema import Schema
from tfelc.schema.task import Task
from tfelc.schema.task_chain import chain_of, joint_names


@dataclass(frozen=True)
class SampledSplit:
    """The share of a task's negatives that the rows of a split hold.

    Attributes:
        task: The task.
        kept: The share, below 1.

    Example:
        >>> import numpy as np
        >>> tasks = {"ctr": Task(label="click"), "cvr": Task(label="order", conditioned_on="ctr")}
        >>> outputs = {"ctr": np.array([0.5]), "cvr": np.array([0.1]), "ctr_cvr": np.array([0.05])}
        >>> found = SampledSplit("ctr", 0.25).outputs(tasks, ["ctr", "cvr"], outputs)
        >>> {name: round(float(each[0]), 2) for name, each in found.items()}
        {'ctr': 0.8, 'cvr': 0.1, 'ctr_cvr': 0.08}
    """

    task: str
    kept: float

    @classmethod
    def of(cls, dataset: SplitTables, schema: Schema, split: str) -> SampledSplit | None:
        """What of its negatives a split lacks; None where it lacks none.

        Args:
            dataset: Where the split lies.
            schema: The schema of the ranker.
            split: Its name.
        """
        name = schema.sampled_task
        if name is not None and (where := schema.tasks[name].already_sampled) is not None:
            share = schema.tasks[name].negatives_kept
            return cls(name, share) if share is not None and where in (split, "all") else None
        said = dataset.manifest.metadata.get(SAMPLED_NEGATIVES) if isinstance(dataset, Dataset) else None
        if said is None or split != "train":
            return None
        # The schema of a run may name the task otherwise, or not have it.
        named = [each for each, task in schema.tasks.items() if task.label == said["label"] and not task.conditioned_on]
        return cls(named[0], said["kept"]) if named else None

    def outputs(
        self, tasks: Mapping[str, Task], heads: Sequence[str], outputs: Mapping[str, NDArray[np.float32]]
    ) -> dict[str, NDArray[np.float32]]:
        """What is to be expected of the rows of the split, where the outputs say what is of the rows of the log.

        The probability `p` of the task is `p / (p + kept (1 - p))` there, and what is multiplied with it follows. The
        other outputs stay as they are.

        Args:
            tasks: The tasks of the ranker.
            heads: Those that it predicts.
            outputs: Output -> probabilities or values, `(rows,)`.
        """
        found = dict(outputs)
        if self.task not in heads:
            return found
        chance = outputs[self.task]
        there = chance + self.kept * (1 - chance)
        joints = {joint for joint, name in joint_names(tasks, heads).items() if self.task in chain_of(tasks, name)}
        for name in (self.task, *joints):
            if name in found:
                found[name] = (found[name] / there).astype(np.float32)
        return found


def sampling_notices(
    dataset: Dataset, schema: Schema, tasks: Mapping[str, Task], heads: Sequence[str]
) -> Iterator[str]:
    """What is to be said of a dataset whose negatives are not all there, before a training on it.

    Args:
        dataset: The prepared dataset.
        schema: Its schema.
        tasks: The tasks that are trained, and those that these need.
        heads: The tasks that are trained.

    Raises:
        DataError: Another share was dropped than the schema says.
    """
    name = schema.sampled_task
    said = dataset.manifest.metadata.get(SAMPLED_NEGATIVES)
    task = None if name is None else schema.tasks[name]
    wanted = None if task is None or task.already_sampled else (task.label, task.negatives_kept)
    if wanted != (None if said is None else (said["label"], said["kept"])):
        there = "all negatives" if said is None else f"{said['kept']:g} of the rows without `{said['label']}`"
        before = ", or, where the log was sampled before, say `already_sampled`" if said is None else ""
        raise DataError(
            f"{dataset.path}: was prepared with {there}, and `negatives_kept` of its schema says otherwise; prepare "
            f"the dataset again{before}"
        )
    if said is not None:
        yield f"{sampling_line(said)}; the logits are corrected for it"
    elif task is not None:
        where = "all splits" if task.already_sampled == "all" else "the training rows"
        yield (
            f"task `{name}`: {where} are taken to hold {task.negatives_kept:g} of the rows without `{task.label}`; the "
            "logits are corrected for it"
        )
        if task.already_sampled == "all":
            for other in heads:
                if name not in chain_of(tasks, other):
                    yield (
                        f"task `{other}`: its metrics are of the sampled rows of validation and test, and not of the "
                        "full log; it is not calibrated on them"
                    )
