"""Permutes the features of an exported ranker, and sees what it loses."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tfelc.core.errors import UsageError
from tfelc.data.split_tables import SplitTables
from tfelc.metrics.group_rows import group_rows
from tfelc.metrics.registries import RANKER_METRICS
from tfelc.ranker.evaluation.predictions import Predictions
from tfelc.ranker.explanation.explanation import ALL, Explanation, Loss, Unit
from tfelc.ranker.explanation.features_alone import alone
from tfelc.ranker.explanation.sampled_rows import SampledRows
from tfelc.ranker.scoring.exported_predictor import ExportedPredictor
from tfelc.ranker.scoring.exported_ranker import ExportedRanker
from tfelc.schema.column import ROLES
from tfelc.schema.schema import Schema

# A feature that ranks so well by itself is likely to be made of the outcome.
SUSPICIOUS = 0.95
_JOINED = "+"
_METRICS = {"probabilities": "auc", "values": "xauc"}
Values = dict[str, dict[str, float]]


def explain(
    ranker: ExportedRanker,
    dataset: SplitTables,
    split: str,
    groups: Sequence[str] = (),
    rows: int = 10_000,
    repeats: int = 5,
    seed: int = 0,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> Explanation:
    """What each output loses in AUC, or in XAUC where it is a quantity, by the permutation of features.

    A feature whose like stays may lose little although the ranker goes by both: permute them as a group. Lists of one
    sequence go together.

    Args:
        ranker: The exported version; every row goes through its `serving_default`.
        dataset: Rows with labels.
        split: Their split.
        groups: Roles, or features joined by `+`, to permute together. Defaults to the roles with several features.
        rows: Rows to draw.
        repeats: Permutations of each, at least 2.
        seed: Seed of the draw and of the permutations.
        progress: Called with how many are done, and how many there are.

    Raises:
        DataError: The rows do not fit the ranker, or there are none.
        UsageError: A group is neither a role nor made of features.
    """
    _refuse_too_few(rows, repeats)
    asked = list(_units(ranker.schema, groups))
    dataset.check(ranker.schema, "the export's schema")
    drawn = SampledRows.draw(dataset, ranker.schema, split, rows, seed)
    plain = ExportedPredictor(ranker, drawn).predict(split)
    values, units = _values(plain), []
    for place, (name, columns) in enumerate(asked):
        progress(place, len(asked))
        permuted = (drawn.permuted(columns, [seed, place, repeat]) for repeat in range(repeats))
        moved = [_values(ExportedPredictor(ranker, each).predict(split)) for each in permuted]
        units.append(Unit(name, "feature" if name in columns else "group", columns, _losses(values, moved)))
    return Explanation(
        model=str(ranker.path),
        split=split,
        rows=len(drawn.table),
        repeats=repeats,
        metrics={output: _METRICS[outcome.judged] for output, outcome in plain.outcomes.items()},
        values=values,
        units=sorted(units, key=lambda unit: (unit.kind == "feature", -unit.largest)),
        giveaways=_giveaways(ranker.schema, drawn, plain),
    )


def _refuse_too_few(rows: int, repeats: int) -> None:
    if repeats < 2 or rows < 1:
        raise UsageError("`repeats` is at least 2, for an interval, and `rows` at least 1", ["repeats", "rows"])


def _units(schema: Schema, groups: Sequence[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Name and features of each unit: the groups, then every feature, or sequence of lists, by itself."""
    features = schema.features
    of_role: dict[str, tuple[str, ...]] = {
        role: tuple(name for name, column in features.items() if column.role == role) for role in ROLES
    }
    for group in groups or [role for role in ROLES if len(of_role[role]) > 1]:
        columns = of_role.get(group) or tuple(group.split(_JOINED))
        unknown = [name for name in columns if name not in features]
        if unknown:
            roles = ", ".join(role for role in ROLES if of_role[role])
            raise UsageError(
                f"`group` {group}: {unknown[0]} is no feature; name a role ({roles}), or features joined by `+`",
                ["group"],
            )
        yield group, _whole_sequences(schema, columns)
    done: set[str] = set()
    for name in features:
        if name not in done:
            columns = _whole_sequences(schema, (name,))
            done.update(columns)
            yield name, columns


def _whole_sequences(schema: Schema, columns: Sequence[str]) -> tuple[str, ...]:
    """The columns, and those that are one sequence with a list among them: all are as long in every row."""
    return tuple(dict.fromkeys(link for name in columns for link in schema.sequence_columns.get(name, (name,))))


def _values(predictions: Predictions) -> Values:
    """Output -> group of users, or `all` -> metric."""
    inside: dict[str, NDArray[np.bool_]] = {ALL: np.ones(predictions.rows, bool)}
    inside |= {f"{column} {name}": rows for column, name, rows in group_rows(predictions.groups)}
    found_values: Values = {}
    for output, outcome in predictions.outcomes.items():
        metric = RANKER_METRICS.get(_METRICS[outcome.judged])
        found_values[output] = {}
        for group, rows in inside.items():
            there = outcome.rows & rows
            judged = outcome.labels[there], outcome.probabilities[there]
            found_values[output][group] = metric.value(*judged) if there.any() else math.nan
    return found_values


def _losses(plain: Values, permuted: Sequence[Values]) -> dict[str, dict[str, Loss]]:
    """Output -> group of users, or `all` -> what permuted rows lose."""
    return {
        output: {group: Loss.of([value - each[output][group] for each in permuted]) for group, value in groups.items()}
        for output, groups in plain.items()
    }


def _giveaways(schema: Schema, drawn: SampledRows, predictions: Predictions) -> Mapping[str, Mapping[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for name, column in schema.features.items():
        for output, outcome in predictions.outcomes.items():
            value = alone(column, drawn.table[name], outcome)
            if value > SUSPICIOUS:
                found.setdefault(name, {})[output] = value
    return found
