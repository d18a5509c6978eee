"""A training that starts from another run: its settings, its features, and what its own run says of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from tfelc.core.errors import RunError
from tfelc.core.settings import flat
from tfelc.features.continued import ContinuedFeatures, Retention, continue_features
from tfelc.features.feature_counts import FeatureCounts
from tfelc.features.fit import count_rows
from tfelc.ranker.run import RankerRun
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.warm_start.best_hash import best_hash
from tfelc.ranker.without_auto import without_auto
from tfelc.schema.schema import Schema


def settings_of(run: RankerRun, settings: RankerSettings) -> tuple[RankerSettings, dict[str, Any]]:
    """The settings with what the run has in the place of each `auto`, and that alone by dotted name."""
    asked, was = flat(settings.to_dict()), flat(run.settings.to_dict())
    return without_auto(settings, {name: was[name] for name, value in asked.items() if value == "auto"})


def continued_features(
    run: RankerRun, schema: Schema, tables: Iterable[pa.Table], settings: RankerSettings
) -> ContinuedFeatures:
    """The features of a run, fitted on to the rows of `tables`; see `continue_features`."""
    counts = run.counts
    if counts is None:
        names = {run.schema.table_of(name)[0] for name, c in run.schema.trained_on.items() if c.kind != "number"}
        fitted_names = [name for name in run.fitted.vocabularies if name in names]
        stated = run.schema.tables
        enough = {
            name: stated[name].min_count if name in stated else run.settings.model.min_count
            for name in fitted_names
            if name not in stated or not stated[name].values
        }
        counts = FeatureCounts.unknown(run.fitted, enough)
    keep = settings.warm_start
    return continue_features(
        schema,
        run.fitted,
        counts,
        count_rows(schema, tables, settings.model.number_bins),
        settings.model.min_count,
        Retention(keep.count_decay, keep.evict_below, keep.keep_days),
    )


def warm_start_metadata(
    run: RankerRun, schema: Schema, tasks: Sequence[str], settings: RankerSettings, features: ContinuedFeatures
) -> dict[str, Any]:
    """What `run.json` says under `warm_start`.

    Raises:
        RunError: The run has not been trained.
    """
    kept = settings.warm_start.optimizer == "keep"
    return {
        "run": str(run.path.absolute()),
        "best_sha256": best_hash(run),
        "data_hash": run.metadata["data_hash"],
        "day": features.counts.day,
        "optimizer": settings.warm_start.optimizer,
        "optimizer_steps": _steps_of(run) if kept else 0,
        "vocabularies": {name: vars(change) for name, change in features.changes.items()},
        "new_columns": [name for name in schema.trained_on if name not in run.schema.trained_on],
        "new_tasks": [name for name in tasks if name not in run.metadata["tasks"]],
    }


def warm_start_line(metadata: Mapping[str, Any]) -> str:
    """What is said of it, in one line."""
    moved = {name: found for name, found in metadata["vocabularies"].items() if any([*found.values()][1:])}
    changes = [
        f"{name} {found['kept'] + found['admitted']:,} values ({found['admitted']:,} admitted, "
        f"{found['evicted']:,} evicted, {found['waiting']:,} waiting)"
        for name, found in moved.items()
    ]
    if still := [name for name in metadata["vocabularies"] if name not in moved]:
        changes.append(f"{', '.join(still)} as before")
    new = [
        f"new {kind}: {', '.join(metadata[key])}"
        for kind, key in (("columns", "new_columns"), ("tasks", "new_tasks"))
        if metadata[key]
    ]
    optimizer = "kept" if metadata["optimizer"] == "keep" else "dropped"
    return f"day {metadata['day']}, from {metadata['run']}: " + "; ".join(
        [*changes, *new, f"state of the optimizers {optimizer}"]
    )


def _steps_of(run: RankerRun) -> int:
    """Steps that its optimizers have taken, in all the runs that they come from."""
    try:
        with np.load(run.last, allow_pickle=False) as file:
            key = next(key for key in sorted(file.files) if key.startswith("optimizer/"))
            return int(file[key])
    except Exception as error:  # A damaged zip file makes its readers fail in any way there is.
        raise RunError(
            f"{run.last}: has no state of the optimizers to keep ({type(error).__name__}); set "
            "warm_start.optimizer=drop to start from the weights alone"
        ) from None
