"""What one ranker gains over another, in all and in each group of users."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.lifecycle.evaluation.resampling import BootstrapResult
from tfelc.metrics.auc import auc
from tfelc.ranker.evaluation.bootstrap import paired_bootstrap
from tfelc.ranker.evaluation.click_lift import paired_click_lift
from tfelc.ranker.evaluation.predictions import Predictions
from tfelc.ranker.evaluation.requests import numbered

ALL = "all"
_NAN = float("nan")
_UNDEFINED = BootstrapResult(_NAN, _NAN, _NAN, _NAN, replicates=0)


@dataclass(frozen=True)
class GroupLift:
    """The gain in one output within one group.

    Attributes:
        group: Its name; `all` is every row.
        output: The output.
        rows: Rows that count.
        before: AUC of the ranker to beat; the mean over its seeds, where there are several.
        after: AUC of the other ranker, likewise.
        auc: Their difference, with interval.
        gauc: Difference of the AUC within each user, with interval; see `tfelc.metrics.gauc`.
        clicks: Relative lift of the simulated rate at the same exposure; see `paired_click_lift`.
    """

    group: str
    output: str
    rows: int
    before: float
    after: float
    auc: BootstrapResult
    gauc: BootstrapResult
    clicks: BootstrapResult


def group_lifts(
    first: Predictions | Sequence[Predictions],
    second: Predictions | Sequence[Predictions],
    replicates: int = 1000,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[GroupLift]:
    """Compares two rankers on the same rows, by a paired bootstrap over the users of each group.

    Without a user key it is rows that are resampled, and what is measured within each user is not defined.

    Args:
        first: Of the ranker to beat, or of several seeds of it, which are compared by their mean.
        second: Of the other one, likewise; the number of seeds may differ.
        replicates: Resamples of each comparison. Defaults to 1000.
        progress: Called with the comparisons done and their total.

    Returns:
        The lifts of every output that both have and that is a probability, all rows first and then group by group as in
        `group_metrics`. Rows whose user is not known are left out; a group without a row is not there.

    Raises:
        DataError: The rankers were not judged on the same rows.
    """
    before, after = ([one] if isinstance(one, Predictions) else list(one) for one in (first, second))
    # Where no user is known each row stands for itself; within users there is then nothing to rank.
    users = np.arange(before[0].rows) if before[0].users is None else before[0].users
    known = pd.notna(users)
    requests = None if before[0].requests is None else numbered(before[0].requests)[0]
    outputs = [name for name in after[0].binary_outcomes if name in before[0].binary_outcomes]
    groups = [(ALL, known), *_groups(after[0], known)]
    found = []
    done = 0
    for output in outputs:
        judged = [[one.outcomes[output] for one in seeds] for seeds in (before, after)]
        space, labels = judged[0][0].rows, judged[0][0].labels
        if not all(judged[0][0].same_rows_as(outcome) for outcome in chain(*judged)):
            raise DataError(f"`{output}` of the two rankers is not judged on the same rows")
        for group, inside in groups:
            rows = inside & space
            if rows.any():
                scores = [np.stack([outcome.probabilities[rows] for outcome in seeds]) for seeds in judged]
                inside_of = None if requests is None else requests[rows]
                lift = _lift(group, output, labels[rows], scores[0], scores[1], users[rows], inside_of, replicates)
                if before[0].users is None:
                    lift = replace(lift, gauc=_UNDEFINED, clicks=_UNDEFINED)
                found.append(lift)
            done += 1
            progress(done, len(outputs) * len(groups))
    return found


def _lift(
    group: str,
    output: str,
    labels: NDArray[np.float32],
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    users: NDArray[Any],
    requests: NDArray[Any] | None,
    replicates: int,
) -> GroupLift:
    before, after = (float(np.mean([auc(labels, one) for one in scores])) for scores in (first, second))
    return GroupLift(
        group,
        output,
        len(labels),
        before,
        after,
        paired_bootstrap(labels, first, second, users, "auc", replicates),
        paired_bootstrap(labels, first, second, users, "gauc", replicates, requests=requests),
        paired_click_lift(labels, first, second, users, replicates),
    )


def _groups(predictions: Predictions, known: NDArray[np.bool_]) -> list[tuple[str, NDArray[np.bool_]]]:
    found = []
    for values in predictions.groups.values():
        codes, names = pd.factorize(np.asarray(values, dtype=object), sort=True)
        found += [(str(name), known & (codes == code)) for code, name in enumerate(names)]
    return found
