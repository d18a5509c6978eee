"""All the declared metrics at once: of a task, over the groups of users, and of a ranking."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfelc.core.errors import DataError
from tfelc.metrics.checks import checked_labels, checked_probabilities, checked_scores, checked_values
from tfelc.metrics.group_rows import group_rows
from tfelc.metrics.list_metric import Recommended
from tfelc.metrics.ranker_metric import Judged
from tfelc.metrics.registries import LIST_METRICS, RANKING_METRICS, metrics_of


def task_metrics(
    labels: ArrayLike,
    predictions: ArrayLike,
    users: NDArray[Any] | None = None,
    judged: Judged = "probabilities",
) -> dict[str, float]:
    """The metrics of one task, by the names and in the order of `RANKER_METRICS`.

    Among them is `gauc_coverage`, the share of the rows whose users are known and have both classes; GAUC leaves the
    others out.

    Args:
        labels: 0 or 1, or quantities, `(rows,)`.
        predictions: Probabilities within [0, 1], or quantities, `(rows,)`.
        users: User of each row, `(rows,)`, None or NaN where it is not known. Defaults to None: metrics that need users
            are NaN.
        judged: `probabilities` or `values`. What is predicted. Defaults to `probabilities`.

    Returns:
        The values by name; NaN for one that the rows do not define, as an AUC where a class is absent, and for all
        without a row.

    Raises:
        DataError: A label is neither 0 nor 1, a probability lies outside [0, 1], a value is not finite, or the lengths
            differ.

    Example:
        >>> found = task_metrics([1, 0, 0, 1], [0.9, 0.4, 0.2, 0.3], np.array(["a", "a", "b", "b"]))
        >>> found["auc"], found["gauc"], round(found["calibration"], 3)
        (0.75, 1.0, 0.9)
    """
    metrics = metrics_of(judged)
    if len(np.asarray(labels)) == 0:
        return {metric.name: math.nan for metric in metrics}
    # Converted here, so that not every metric does it again.
    if judged == "values":
        labels = checked_values(labels)
        predictions = checked_scores(predictions, len(labels))
    else:
        labels = checked_labels(labels)
        predictions = checked_probabilities(predictions, len(labels))
    answers: dict[Any, Any] = {}
    return {metric.name: metric.value(labels, predictions, users, answers) for metric in metrics}


def group_metrics(
    group_values: Mapping[str, NDArray[Any]],
    labels: Mapping[str, NDArray[Any]],
    predictions: Mapping[str, NDArray[Any]],
    users: NDArray[Any] | None = None,
    spaces: Mapping[str, NDArray[np.bool_]] | None = None,
    values: Collection[str] = (),
) -> dict[str, dict[str, dict[str, float]]]:
    """`task_metrics` over the rows of each group: `{"N": {"ctr": {"auc": ...}}}`.

    Groups may cut across each other when they stand in different columns.

    Args:
        group_values: Group of each row by column, `(rows,)`, None or NaN where it is in none of that column's.
        labels: Labels by task, `(rows,)` each.
        predictions: Probabilities, or quantities, by task, `(rows,)` each.
        users: User of each row, `(rows,)`, as for `task_metrics`. Defaults to None.
        spaces: Sample space by task, `(rows,)`, true for the rows it is measured on. Defaults to None: all rows.
        values: The tasks that predict quantities. Defaults to none.

    Returns:
        The values by group and task, groups in alphabetical order, column by column, without tasks that have no row.

    Raises:
        DataError: Two columns share a group's name, or as for `task_metrics`.

    Example:
        >>> groups = {"activity": np.array(["new", "new", "old", "old"], dtype=object)}
        >>> labels, probabilities = np.array([1, 0, 1, 0]), np.array([0.8, 0.2, 0.3, 0.6])
        >>> found = group_metrics(groups, {"ctr": labels}, {"ctr": probabilities})
        >>> found["new"]["ctr"]["auc"], found["old"]["ctr"]["auc"]
        (1.0, 0.0)
    """
    groups: dict[str, dict[str, dict[str, float]]] = {}
    home: dict[str, str] = {}
    for column, name, inside in group_rows(group_values):
        if name in home:
            raise DataError(f"group `{name}` stands in columns `{home[name]}` and `{column}`: name them apart")
        home[name] = column
        groups[name] = {}
        for task in labels:
            rows = inside & spaces[task] if spaces and task in spaces else inside
            if rows.any():
                its_users = None if users is None else users[rows]
                what = _judged(task in values)
                groups[name][task] = task_metrics(labels[task][rows], predictions[task][rows], its_users, what)
    return groups


def _judged(is_value: bool) -> Judged:
    return "values" if is_value else "probabilities"


def ranking_metrics(ranks: ArrayLike) -> dict[str, float]:
    """The metrics of a ranking, by the names and in the order of `RANKING_METRICS`.

    Args:
        ranks: Rank of each target from 1, `(examples,)`.

    Raises:
        DataError: There are no ranks, or one is no whole number from 1.

    Example:
        >>> found = ranking_metrics([1, 3, 7, 15, 40])
        >>> found["hr@5"], found["ndcg@5"]
        (0.4, 0.3)
    """
    return {name: RANKING_METRICS.get(name).value(ranks) for name in RANKING_METRICS.names()}


def list_metrics(recommended: Recommended) -> dict[str, float]:
    """The metrics of what is recommended, by the names and in the order of `LIST_METRICS`.

    Args:
        recommended: What is recommended, at least as many items a user as the metric that looks at most of them.

    Example:
        >>> from scipy.sparse import csr_matrix
        >>> items, counts, taken = np.array([[1, 2], [2, 3]]), np.array([6, 3, 1, 0]), np.array([1, 4])
        >>> takers = csr_matrix([[1, 1], [1, 0], [0, 1], [0, 0]])
        >>> found = list_metrics(Recommended(items, counts, taken, takers))
        >>> list(found), found["coverage@20"]
        (['coverage@20', 'novelty@20', 'popularity_bias@20', 'intra_list_diversity@20'], 0.75)
    """
    return {name: LIST_METRICS.get(name).value(recommended) for name in LIST_METRICS.names()}
