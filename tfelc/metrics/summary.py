"""All the metrics of a task, over all rows and over the groups of users."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.core.errors import DataError
from tfelc.metrics.auc import auc
from tfelc.metrics.calibration import calibration
from tfelc.metrics.expected_calibration_error import expected_calibration_error
from tfelc.metrics.gauc import Gauc, gauc
from tfelc.metrics.log_loss import log_loss
from tfelc.metrics.normalized_entropy import normalized_entropy

_NAMES = ("auc", "gauc", "gauc_coverage", "logloss", "ne", "calibration", "ece")


def task_metrics(labels: ArrayLike, probabilities: ArrayLike, users: NDArray[Any] | None = None) -> dict[str, float]:
    """The metrics of one task, in the order of the reports.

    They are auc, gauc, gauc_coverage (the share of the rows whose users are known and have both classes; GAUC leaves
    the others out), logloss, ne, calibration and ece.

    Args:
        labels: 0 or 1, `(rows,)`.
        probabilities: Within [0, 1], `(rows,)`.
        users: User of each row, `(rows,)`, None or NaN where it is not known. None: `gauc` and `gauc_coverage` are NaN.

    Returns:
        The values by name; NaN for one that the rows do not define, as an AUC where a class is absent, and for all
        without a row.

    Raises:
        DataError: A label is neither 0 nor 1, a probability lies outside [0, 1], or the lengths differ.
    """
    if len(np.asarray(labels)) == 0:
        return dict.fromkeys(_NAMES, math.nan)
    by_user = Gauc(math.nan, math.nan) if users is None else _known_users_gauc(labels, probabilities, users)
    values = (
        auc(labels, probabilities),
        by_user.value,
        by_user.kept,
        log_loss(labels, probabilities),
        normalized_entropy(labels, probabilities),
        calibration(labels, probabilities),
        expected_calibration_error(labels, probabilities),
    )
    return dict(zip(_NAMES, values, strict=True))


def _known_users_gauc(labels: ArrayLike, probabilities: ArrayLike, users: NDArray[Any]) -> Gauc:
    # Imported here: pandas loads slowly and the other metrics do without.
    import pandas as pd

    known = pd.notna(users)
    if known.all():
        return gauc(labels, probabilities, users)
    if not known.any():
        return Gauc(math.nan, 0.0)
    found = gauc(np.asarray(labels)[known], np.asarray(probabilities)[known], users[known])
    return Gauc(found.value, found.kept * float(known.mean()))


def group_metrics(
    group_values: Mapping[str, NDArray[Any]],
    labels: Mapping[str, NDArray[Any]],
    probabilities: Mapping[str, NDArray[Any]],
    users: NDArray[Any] | None = None,
    spaces: Mapping[str, NDArray[np.bool_]] | None = None,
) -> dict[str, dict[str, dict[str, float]]]:
    """`task_metrics` over the rows of each group: `{"N": {"ctr": {"auc": ...}}}`.

    Groups may cut across each other when they stand in different columns.

    Args:
        group_values: Group of each row by column, `(rows,)`; a missing value (None, NaN) is a row in
            none of that column's groups.
        labels: Labels by task, `(rows,)` each.
        probabilities: Probabilities by task, `(rows,)` each.
        users: User of each row, `(rows,)`, as for `task_metrics`.
        spaces: Sample space by task, `(rows,)`, true for the rows the task is measured on. A task that is not named is
            measured on all of them.

    Returns:
        The values by group and task; groups in alphabetical order, column by column. A task without rows in a group is
        left out there.

    Raises:
        DataError: Two columns share a group's name, or as for `task_metrics`.
    """
    # Imported here: pandas loads slowly and `task_metrics` may do without.
    import pandas as pd

    groups: dict[str, dict[str, dict[str, float]]] = {}
    home: dict[str, str] = {}
    for column, values in group_values.items():
        codes, names = pd.factorize(np.asarray(values, dtype=object), sort=True)
        for code, name in enumerate(map(str, names)):
            if name in home:
                raise DataError(f"group `{name}` stands in columns `{home[name]}` and `{column}`: name them apart")
            home[name] = column
            inside = codes == code
            groups[name] = {}
            for task in labels:
                rows = inside & spaces[task] if spaces and task in spaces else inside
                if rows.any():
                    its_users = None if users is None else users[rows]
                    groups[name][task] = task_metrics(labels[task][rows], probabilities[task][rows], its_users)
    return groups
