"""Trainings of rankers: new ones, and those that were stopped."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from tfelc.core.errors import RunError, UsageError
from tfelc.core.json_text import json_text
from tfelc.core.step_status import step_status
from tfelc.data.dataset import Dataset
from tfelc.data.row_groups import RowGroupReader
from tfelc.features.feature_counts import FeatureCounts
from tfelc.features.fit import count_rows, fitted_to
from tfelc.features.fitted import FittedFeatures
from tfelc.lifecycle.training.early_stopping import WatchedMetric
from tfelc.lifecycle.training.enough_memory import enough_memory
from tfelc.lifecycle.training.training_loop import TrainingLoop
from tfelc.lifecycle.training.workers.workers import Workers
from tfelc.metrics.registries import RANKER_METRICS
from tfelc.metrics.squared_error import NORMALIZED_ERROR
from tfelc.ranker.data.outcome_checks import outcome_warnings, refuse_unlearnable, unknown_labels
from tfelc.ranker.data.outcomes import Outcomes
from tfelc.ranker.data.sampled_split import sampling_notices
from tfelc.ranker.data.value_scales import value_scales
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.run import RankerRun
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.training.bias_notices import bias_notices
from tfelc.ranker.training.defined_metric import defined_metric
from tfelc.ranker.training.fill_pretrained import pretrained_lines
from tfelc.ranker.training.fitted_to_roles import fitted_to_roles
from tfelc.ranker.training.ranked_together import ranked_together
from tfelc.ranker.training.ranker_trainable import RankerTrainable
from tfelc.ranker.training.refuse_undivided import refuse_undivided
from tfelc.ranker.training.table_defaults import resolved_settings
from tfelc.ranker.warm_start.begin import continued_features, settings_of, warm_start_line, warm_start_metadata
from tfelc.ranker.warm_start.refuse_incompatible import refuse_incompatible
from tfelc.schema.schema import Schema
from tfelc.schema.task_chain import absent_outputs, joint_names, select_tasks, value_outputs


def create_training(
    dataset: Dataset,
    tasks: Sequence[str],
    settings: RankerSettings,
    run_path: Path,
    console: Console,
    owns_data: bool = False,
    warm_start: RankerRun | None = None,
    workers: Workers | None = None,
) -> TrainingLoop[RankerTrainable]:
    """Fits the features on the training split, and makes a run folder and an untrained ranker in it.

    Args:
        dataset: Dataset. What to train on.
        tasks: Sequence of str. The tasks to predict.
        settings: RankerSettings. The settings.
        run_path: Path. The run folder to make.
        console: Console. Where progress goes.
        owns_data: bool. Whether the dataset moves into the run's folder. Defaults to False.
        warm_start: RankerRun. The run whose weights it starts from. Defaults to None: from nothing.
        workers: Workers. Who trains it, of whom this is the chief. Defaults to None: this process alone.

    Returns:
        The training, whose `train` is to be called.

    Raises:
        RunError: The folder is taken, or what it starts from has no weights.
        UsageError: A task is none of the schema, or the settings or what it starts from do not fit it.
        ConfigError: The metric of early stopping is not measured, or nothing of the validation split defines it.
        DataError: A task would learn nothing: the training split has no row for it, or none with a weight.
    """
    RankerRun.refuse_taken(run_path)
    settings, notice = fitted_to_roles(settings, dataset.schema)
    if notice:
        console.print(notice, markup=False, highlight=False, soft_wrap=True)
    if warm_start is not None:
        settings, auto = settings_of(warm_start, settings)
        refuse_incompatible(warm_start, dataset.schema, tasks, settings)
    check_settings(dataset.schema, tasks, settings)
    _refuse_unfit(dataset, tasks, settings, console)
    settings, found = _resolved(settings, dataset, console)
    refuse_undivided(settings, tasks, workers)
    found = found if warm_start is None else auto
    run = _create_run(dataset, tasks, settings, run_path, owns_data, found, warm_start, console)
    if owns_data:
        shutil.move(dataset.path, run.own_data)
        dataset = run.dataset()
    with run.removed_on_failure():
        return _loop(run, dataset, console, workers)


def _create_run(
    dataset: Dataset,
    tasks: Sequence[str],
    settings: RankerSettings,
    path: Path,
    owns_data: bool,
    auto: Mapping[str, Any],
    warm_start: RankerRun | None,
    console: Console,
) -> RankerRun:
    """Fits the features and makes the run folder; what was counted, of many values gigabytes, is then let go of."""
    fitted, counts, start = _fit_features(dataset, tasks, settings, warm_start, console)
    for line in pretrained_lines(dataset.schema, fitted, settings.model.embedding_dim):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return RankerRun.create(path, settings, dataset, list(tasks), fitted, owns_data, auto, counts, start)


def _refuse_unfit(dataset: Dataset, tasks: Sequence[str], settings: RankerSettings, console: Console) -> None:
    """Refuses what would fail later on, and warns of what may be meant otherwise."""
    selected = select_tasks(dataset.schema, tasks, settings.tasks)
    dataset.verify(["validation", "test"])
    notices = [*sampling_notices(dataset, dataset.schema, selected, tasks)]
    refuse_unlearnable(dataset, dataset.schema, selected, tasks)
    _watched(dataset, dataset.schema, tasks, settings)
    if absent := absent_outputs(dataset.schema.score, dataset.schema.tasks, tasks):
        _warn(
            console, f"no output `score`: its formula reads {', '.join(absent)}, which are not predicted; see `tasks`"
        )
    for notice in [*notices, *unknown_labels(dataset, dataset.schema, selected, tasks)]:
        console.print(notice, markup=False, highlight=False, soft_wrap=True)
    for warning in bias_notices(dataset, dataset.schema):
        _warn(console, warning)
    for warning in outcome_warnings(dataset, dataset.schema, selected, tasks):
        _warn(console, warning)


def check_settings(schema: Schema, tasks: Sequence[str], settings: RankerSettings) -> None:
    """Checks that a ranker can be trained so, as far as that can be told without its data.

    Args:
        schema: Schema. The schema of the data.
        tasks: Sequence of str. The tasks to predict.
        settings: RankerSettings. The settings.

    Raises:
        UsageError: A task is none of the schema, or the settings do not fit it.
        ConfigError: The metric of early stopping is not measured.
    """
    settings, _ = fitted_to_roles(settings, schema)
    _named_metric(schema, tasks, settings)
    RankingModel.check(schema, settings)
    _refuse_idle_clusters(schema, settings)
    ranked_together(schema, select_tasks(schema, tasks, settings.tasks), tasks, settings.training.ranking)


def _resolved(settings: RankerSettings, dataset: Dataset, console: Console) -> tuple[RankerSettings, dict[str, Any]]:
    """The settings with what `auto` stands for, and that alone; says what it is."""
    rows = dataset.rows("train")
    settings, found = resolved_settings(settings, rows, dataset.schema)
    if found:
        values = ", ".join(f"{name}={json_text(value)}" for name, value in found.items())
        console.print(f"auto, for {rows:,} training rows: {values}", highlight=False, soft_wrap=True)
    return settings, found


def resume_training(
    run: RankerRun, console: Console, dataset: Dataset | None = None, workers: Workers | None = None
) -> TrainingLoop[RankerTrainable]:
    """Goes on with a run that was stopped, exactly from its last checkpoint.

    Args:
        run: RankerRun. The run.
        console: Console. Where progress goes.
        dataset: Dataset. Its data where it is now. Defaults to None: where it was.
        workers: Workers. Who trains it. Defaults to None: this process alone.

    Returns:
        The training, whose `train` is to be called.

    Raises:
        RunError: The run is damaged, or was trained on other data.
        DataError: Its data cannot be read.
    """
    loop = join_training(run, console, dataset, workers)
    loop.resume()
    return loop


def join_training(
    run: RankerRun, console: Console, dataset: Dataset | None = None, workers: Workers | None = None
) -> TrainingLoop[RankerTrainable]:
    """Trains a run that the chief of the workers has just made; see `resume_training`."""
    dataset = run.dataset() if dataset is None else dataset
    if run.metadata["data_hash"] != dataset.hash:
        raise RunError(f"{run.path}: was trained on other data than {dataset.path} holds now (its hash differs)")
    dataset.verify(["validation", "test"])
    refuse_undivided(run.settings, run.metadata["tasks"], workers)
    return _loop(run, dataset, console, workers)


def _loop(
    run: RankerRun, dataset: Dataset, console: Console, workers: Workers | None = None
) -> TrainingLoop[RankerTrainable]:
    settings = run.settings
    watched = _watched(dataset, run.schema, run.metadata["tasks"], settings)
    if watched.name != settings.training.early_stopping.metric:
        _warn(
            console,
            f"`{settings.training.early_stopping.metric}` is not defined on the validation split: `{watched.name}` "
            "decides which weights are kept",
        )
    with enough_memory(RankerTrainable.memory_advice):
        trainable = RankerTrainable(run, dataset, workers)
    return TrainingLoop(run, trainable, settings.training, watched, console)


def _named_metric(schema: Schema, tasks: Sequence[str], settings: RankerSettings) -> WatchedMetric:
    selected = select_tasks(schema, tasks, settings.tasks)
    outputs, values = [*tasks, *joint_names(selected, tasks)], value_outputs(selected, tasks)
    name = settings.training.early_stopping.metric
    if name == type(settings.training.early_stopping)().metric and not set(outputs) - values:
        # The default is of probabilities, and there are none.
        name = f"mean.{NORMALIZED_ERROR.name}"
    metric = name.rpartition(".")[2]
    if metric in RANKER_METRICS.names():
        is_value = RANKER_METRICS.get(metric).judges == "values"
        outputs = [output for output in outputs if (output in values) == is_value]
    return WatchedMetric.of(name, outputs, RANKER_METRICS, schema.user_key is not None)


def _watched(dataset: Dataset, schema: Schema, tasks: Sequence[str], settings: RankerSettings) -> WatchedMetric:
    """The metric that decides: the one that is set, or the log loss where the validation split does not define it."""
    watched = _named_metric(schema, tasks, settings)
    selected = select_tasks(schema, tasks, settings.tasks)
    found = Outcomes.read(dataset, schema, selected, "validation", users=watched.needs_users)
    return defined_metric(watched, found, tasks)


def _refuse_idle_clusters(schema: Schema, settings: RankerSettings) -> None:
    """Raises UsageError where the clusters would reach no output, so that nothing of them would be learned."""
    architecture, clusters = settings.model.architecture, settings.model.clusters
    weighed = {column.role for column in schema.features.values()} & set(clusters.linear_inputs)
    if clusters.num_clusters and not architecture.has_choice and not weighed:
        raise UsageError(
            f"the clusters would act on nothing: in `model.architecture: {architecture.name}` there are no gates that "
            f"choose, and schema `{schema.name}` has no feature of model.clusters.linear_inputs "
            f"({', '.join(clusters.linear_inputs) or 'none'}); set model.clusters.num_clusters=0"
        )


def _warn(console: Console, warning: str) -> None:
    console.print(f"[bold yellow]warning:[/bold yellow] {warning}", highlight=False, soft_wrap=True)


def _fit_features(
    dataset: Dataset, tasks: Sequence[str], settings: RankerSettings, start: RankerRun | None, console: Console
) -> tuple[FittedFeatures, FeatureCounts, dict[str, Any] | None]:
    """The features, what they were fitted from, and what `run.json` says of the run that is started from."""
    schema, model = dataset.schema, settings.model
    rows = RowGroupReader(dataset.files("train"), list(schema.trained_on), seed=0, window=1).tables(0, shuffle=False)
    selected, before = select_tasks(schema, tasks, settings.tasks), None if start is None else start.fitted.values
    with step_status(console=console, first="fitting the features on the training split"):
        values = {"values": value_scales(dataset, schema, selected, tasks, before)}
        if start is None:
            counted = count_rows(schema, rows, model.number_bins)
            fitted = fitted_to(schema, counted, model.min_count).model_copy(update=values)
            return fitted, FeatureCounts.first(counted), None
        features = continued_features(start, schema, rows, settings)
    if start.metadata["data_hash"] == dataset.hash:
        _warn(console, f"{start.path} was trained on the same data: its rows count twice")
    metadata = warm_start_metadata(start, schema, tasks, settings, features)
    console.print(warm_start_line(metadata), markup=False, highlight=False, soft_wrap=True)
    return features.fitted.model_copy(update=values), features.counts, metadata
