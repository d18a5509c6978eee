"""Trainings of next-item models: new ones, and those that were stopped."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console

from tfelc.core.errors import DataError
from tfelc.lifecycle.training.early_stopping import WatchedMetric
from tfelc.lifecycle.training.enough_memory import enough_memory
from tfelc.lifecycle.training.training_loop import TrainingLoop
from tfelc.metrics.registries import RANKING_METRICS
from tfelc.next_item.data.catalog_attributes import catalog_attributes
from tfelc.next_item.data.chosen_protocol import chosen_protocol, protocol_sentence
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.fitted_to_catalog import fitted_to_catalog
from tfelc.next_item.run import OWN_DATA, NextItemRun
from tfelc.next_item.settings import NEXT_ITEM, NextItemSettings
from tfelc.next_item.training.next_item_trainable import NextItemTrainable


def create_training(
    sequences: Sequences,
    source: str,
    settings: NextItemSettings,
    run_path: Path,
    console: Console,
    owns_data: bool = False,
    csv_delimiter: str | None = None,
) -> TrainingLoop[NextItemTrainable]:
    """Makes a run folder and an untrained model in it.

    Args:
        sequences: Sequences. What to train on.
        source: str. Where they came from: the name of a data set, or what names files.
        settings: NextItemSettings. The settings.
        run_path: Path. The run folder to make.
        console: Console. Where progress goes.
        owns_data: bool. Whether the file moves into the run's folder. Defaults to False.
        csv_delimiter: str. What separated the columns of CSV files, to read them alike again. Defaults to None.

    Returns:
        The training, whose `train` is to be called.

    Raises:
        RunError: The folder is taken.
        ConfigError: The metric of early stopping is not measured.
        DataError: The sequences leave a split empty, there is nothing to choose from, or the table of the items'
            attributes cannot be read.
    """
    NextItemRun.refuse_taken(run_path)
    _watched(settings)
    printed = partial(console.print, highlight=False, soft_wrap=True)
    if sequences.filtering is not None:
        printed(sequences.filtering.sentence())
    if sequences.num_items < 2:
        raise DataError(f"{sequences.name}: a catalog of one item leaves nothing to rank; use at least 2 items")
    settings = _with_protocol(settings, sequences, printed)
    settings = fitted_to_catalog(settings, sequences, printed)
    catalog = sequences.catalog.tolist()
    attributes, new = catalog_attributes(settings.catalog, catalog, printed, bool(settings.item_attributes))
    named = OWN_DATA if owns_data else source
    run = NextItemRun.create(run_path, settings, sequences, named, csv_delimiter, attributes, new)
    if owns_data:
        shutil.move(source, run.path / OWN_DATA)
    with run.removed_on_failure():
        return _loop(run, sequences.with_items(new), console)


def _with_protocol(
    settings: NextItemSettings, sequences: Sequences, printed: Callable[[str], None]
) -> NextItemSettings:
    if settings.split.protocol != "auto":
        return settings
    chosen = chosen_protocol(sequences, "auto")
    printed(protocol_sentence(sequences, chosen))
    return settings.model_copy(update={"split": settings.split.model_copy(update={"protocol": chosen})})


def resume_training(run: NextItemRun, console: Console, source: str | None = None) -> TrainingLoop[NextItemTrainable]:
    """Goes on with a run that was stopped, exactly from its last checkpoint.

    Args:
        run: NextItemRun. The run.
        console: Console. Where progress goes.
        source: str. Where its data is now. Defaults to None: where it was.

    Returns:
        The training, whose `train` is to be called.

    Raises:
        RunError: The run is damaged, or its data has changed.
        DataError: Its data cannot be read.
    """
    loop = _loop(run, run.sequences(source), console)
    loop.resume()
    return loop


def _loop(run: NextItemRun, sequences: Sequences, console: Console) -> TrainingLoop[NextItemTrainable]:
    settings = run.settings
    with enough_memory(NextItemTrainable.memory_advice):
        trainable = NextItemTrainable(run, sequences)
    return TrainingLoop(run, trainable, settings.training, _watched(settings), console)


def _watched(settings: NextItemSettings) -> WatchedMetric:
    return WatchedMetric.of(settings.training.early_stopping.metric, [NEXT_ITEM], RANKING_METRICS)
