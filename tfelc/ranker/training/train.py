"""Trainings of rankers: new ones, and those that were stopped."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from tfelc.core.errors import RunError
from tfelc.core.step_status import step_status
from tfelc.data.dataset import Dataset
from tfelc.data.row_groups import RowGroupReader
from tfelc.features.fit import fit_features
from tfelc.features.fitted import FittedFeatures
from tfelc.lifecycle.training.early_stopping import WatchedMetric
from tfelc.lifecycle.training.training_loop import TrainingLoop
from tfelc.metrics.registries import RANKER_METRICS
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.run import RankerRun
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.training.fitted_to_roles import fitted_to_roles
from tfelc.ranker.training.ranker_trainable import RankerTrainable
from tfelc.schema.schema import Schema
from tfelc.schema.task_chain import joint_names, select_tasks


def create_training(
    dataset: Dataset,
    tasks: Sequence[str],
    settings: RankerSettings,
    run_path: Path,
    console: Console,
    owns_data: bool = False,
) -> TrainingLoop[RankerTrainable]:
    """Fits the features on the training split, and makes a run folder and an untrained ranker in it.

    Args:
        dataset: Dataset. What to train on.
        tasks: Sequence of str. The tasks to predict.
        settings: RankerSettings. The settings.
        run_path: Path. The run folder to make.
        console: Console. Where progress goes.
        owns_data: bool. Whether the dataset moves into the run's folder. Defaults to False.

    Returns:
        The training, whose `train` is to be called.

    Raises:
        RunError: The folder is taken.
        UsageError: A task is none of the schema, or the settings do not fit it.
        ConfigError: The metric of early stopping is not measured.
    """
    RankerRun.refuse_taken(run_path)
    settings, notice = fitted_to_roles(settings, dataset.schema)
    if notice:
        console.print(notice, markup=False, highlight=False, soft_wrap=True)
    _watched(dataset.schema, tasks, settings)
    RankingModel.check(dataset.schema, settings)
    dataset.verify(["validation", "test"])
    fitted = _fit_features(dataset, console)
    run = RankerRun.create(run_path, settings, dataset, list(tasks), fitted, owns_data)
    if owns_data:
        shutil.move(dataset.path, run.own_data)
        dataset = run.dataset()
    with run.removed_on_failure():
        return _loop(run, dataset, console)


def resume_training(run: RankerRun, console: Console, dataset: Dataset | None = None) -> TrainingLoop[RankerTrainable]:
    """Goes on with a run that was stopped, exactly from its last checkpoint.

    Args:
        run: RankerRun. The run.
        console: Console. Where progress goes.
        dataset: Dataset. Its data where it is now. Defaults to None: where it was.

    Returns:
        The training, whose `train` is to be called.

    Raises:
        RunError: The run is damaged, or was trained on other data.
        DataError: Its data cannot be read.
    """
    dataset = run.dataset() if dataset is None else dataset
    if run.metadata["data_hash"] != dataset.hash:
        raise RunError(f"{run.path}: was trained on other data than {dataset.path} holds now (its hash differs)")
    dataset.verify(["validation", "test"])
    loop = _loop(run, dataset, console)
    loop.resume()
    return loop


def _loop(run: RankerRun, dataset: Dataset, console: Console) -> TrainingLoop[RankerTrainable]:
    settings = run.settings
    watched = _watched(run.schema, run.metadata["tasks"], settings)
    return TrainingLoop(run, RankerTrainable(run, dataset), settings.training, watched, console)


def _watched(schema: Schema, tasks: Sequence[str], settings: RankerSettings) -> WatchedMetric:
    outputs = [*tasks, *joint_names(select_tasks(schema, tasks, settings.tasks), tasks)]
    has_users = schema.user_key is not None
    return WatchedMetric.of(settings.training.early_stopping.metric, outputs, RANKER_METRICS, has_users)


def _fit_features(dataset: Dataset, console: Console) -> FittedFeatures:
    schema = dataset.schema
    reader = RowGroupReader(dataset.files("train"), list(schema.features), seed=0, window=1)
    with step_status(console=console, first="fitting the features on the training split"):
        return fit_features(schema, reader.tables(0, shuffle=False))
