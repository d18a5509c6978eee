"""The weights of a run, and the state of its optimizers, put into the ranker that goes on from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfelc.core.errors import RunError
from tfelc.lifecycle.training.checkpoint import load_checkpoint
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.run import RankerRun
from tfelc.ranker.training.compiled_trainer import compiled_trainer
from tfelc.ranker.training.fill_pretrained import fill_pretrained
from tfelc.ranker.training.multi_task_trainer import MultiTaskTrainer
from tfelc.ranker.warm_start.axis_labels import UNKNOWN, Labels, axis_labels, path_of
from tfelc.ranker.warm_start.best_hash import best_hash
from tfelc.ranker.warm_start.labelled_array import Array, carried

AllLabels = Mapping[str, tuple[Labels, ...]]


def carry_over(run: RankerRun, model: RankingModel, trainer: MultiTaskTrainer) -> None:
    """Fills a ranker from the run that its own run says it starts from.

    A weight goes where its column, value, task or cluster is today. What is new begins so that it changes no answer: a
    new column has no say at first, a new value of a vocabulary begins as an unknown one. A new task begins at random.

    Args:
        run: The run of the new ranker.
        model: The new ranker.
        trainer: Its trainer, freshly made.

    Raises:
        RunError: The run that it starts from is missing, damaged, or has been trained again since.
    """
    start = run.metadata["warm_start"]
    before = RankerRun.open(Path(start["run"]))
    if best_hash(before) != start["best_sha256"]:
        raise RunError(f"{before.path}: its best weights are others than when {run.path} was started; start it again")
    old = before.model()
    labels, old_labels = axis_labels(model, run.fitted), axis_labels(old, before.fitted)
    held = {path_of(variable): variable for variable in old.ranker.variables}
    for variable in model.ranker.variables:
        path = path_of(variable)
        if path in labels and path in old_labels:
            value = held[path].numpy()
            begin = _beginning(variable.numpy(), value, path, labels[path], old_labels[path])
            variable.assign(carried(value, old_labels[path], begin, labels[path]))
    # What was learned stays; what is not trained is what the file of today says.
    fill_pretrained(model, run.fitted, before.fitted.vocabularies)
    if start["optimizer"] == "keep":
        _carry_optimizers(before, old, trainer, labels, old_labels)
    for variable, average in zip(trainer.averaged_variables, trainer.averages, strict=True):
        average.assign(variable)


def _beginning(fresh: Array, old: Array, path: str, labels: Sequence[Labels], old_labels: Sequence[Labels]) -> Array:
    """What stands where nothing is carried over."""
    begin = fresh.copy()
    if path.endswith("/embeddings"):
        places = {label: place for place, label in enumerate(old_labels[0])}
        for place, (table, value) in enumerate(labels[0]):
            if isinstance(value, tuple) and (table, value) not in places and (table, UNKNOWN) in places:
                begin[place] = old[places[table, UNKNOWN]]
    elif path.endswith("/kernel") and len(labels) == 2:
        known, outputs = set(old_labels[0]), set(old_labels[1])
        inputs_are_new = np.array([label not in known for label in labels[0]])
        outputs_are_old = np.array([label in outputs for label in labels[1]])
        begin[np.ix_(inputs_are_new, outputs_are_old)] = 0.0
    return begin


def _carry_optimizers(
    before: RankerRun, old: RankingModel, trainer: MultiTaskTrainer, labels: AllLabels, old_labels: AllLabels
) -> None:
    """Moments go where their weights go; those of what is new begin as in any training."""
    former = compiled_trainer(old, before.settings, 1)
    groups = {
        "optimizer": former.optimizer.variables,
        "tables_optimizer": former.tables_optimizer.variables,
        "balance": former.balance.variables,
    }
    load_checkpoint(before.last, groups)
    for mine, theirs in (
        (trainer.optimizer, former.optimizer),
        (trainer.tables_optimizer, former.tables_optimizer),
    ):
        mine.iterations.assign(theirs.iterations)
        held = _moments(theirs, old_labels)
        for key, variable in _moments(mine, labels).items():
            if key in held:
                path = key[0]
                value = carried(held[key].numpy(), old_labels[path], variable.numpy(), labels[path])
                variable.assign(value)
    # Keras numbers the names of layers over the whole process.
    configs = ({**balance.get_config(), "name": ""} for balance in (former.balance, trainer.balance))
    if type(former.balance) is type(trainer.balance) and next(configs) == next(configs):
        for variable, theirs in zip(trainer.balance.variables, former.balance.variables, strict=True):
            variable.assign(theirs)


def _moments(optimizer: Any, labels: AllLabels) -> dict[tuple[str, str], Any]:
    """(path of the weight, which moment) -> the optimizer's variable; Keras names it after both.

    Raises:
        RunError: A moment of one of the ranker's weights is named otherwise, and would be lost.
    """
    flat = {path.replace("/", "_"): path for path in labels}
    found = {}
    for variable in optimizer.variables:
        weights = [name for name in flat if variable.name.startswith(f"{name}_")]
        if weights:
            name = max(weights, key=len)
            found[flat[name], variable.name.removeprefix(f"{name}_")] = variable
        elif variable.name.startswith("ranker"):
            raise RunError(f"the optimizer's `{variable.name}` belongs to no weight; set warm_start.optimizer=drop")
    return found
