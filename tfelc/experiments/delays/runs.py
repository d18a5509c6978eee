"""Rankers of one log by what they make of young rows, judged on the days after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
from rich.console import Console

from tfelc.data.dataset import Dataset
from tfelc.data.log_preparation import prepare
from tfelc.data.split_tables import LogTables
from tfelc.experiments.delays.late_log import LateLog, schema_of
from tfelc.metrics.auc import auc
from tfelc.ranker.export.trained_answers import trained_answers
from tfelc.ranker.run import RankerRun
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.training.train import create_training

_TASKS = ("ctr", "cvr")


def measured(log: LateLog, variant: str, settings: RankerSettings, folder: Path, console: Console) -> dict[str, Any]:
    """Trains a ranker and judges it.

    Args:
        log: The log.
        variant: What is made of its young rows.
        settings: Of the training.
        folder: Where data and run go.
        console: Where progress goes.

    Returns:
        `calibration`, the sum of the predicted probabilities of a conversion over that of the true ones, and `auc`, of
        the clicked rows of the later days.
    """
    schema = schema_of(variant)
    prepare(schema, log.observed(variant), folder / "data")
    loop = create_training(Dataset(folder / "data"), _TASKS, settings, folder / "run", console)
    loop.train()
    model = RankerRun.open(folder / "run").model()
    rows = pa.concat_tables(LogTables(schema, log.later).tables("later", list(schema.features)))
    predicted = trained_answers(model, rows)[0]["cvr"].astype(np.float64)
    keras.backend.clear_session()
    clicked = log.later["click"].to_numpy() == 1
    return {
        "calibration": float(predicted[clicked].sum() / log.expected[clicked].sum()),
        "auc": auc(log.came[clicked], predicted[clicked]),
    }
