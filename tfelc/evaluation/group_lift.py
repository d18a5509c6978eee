"""What one ranker gains over another, in all and in each group of users."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfelc.errors import DataError
from tfelc.evaluation.bootstrap import paired_bootstrap
from tfelc.evaluation.click_lift import paired_click_lift
from tfelc.evaluation.predictions import Predictions
from tfelc.evaluation.resampling import BootstrapResult
from tfelc.metrics.auc import auc

ALL = "all"


@dataclass(frozen=True)
class GroupLift:
    """The gain in one output within one group.

    Attributes:
        group: Its name; `all` is every row.
        output: The output.
        rows: Rows that count.
        before: AUC of the ranker to beat.
        after: AUC of the other ranker.
        auc: Their difference, with interval.
        clicks: Relative lift of the simulated rate at the same exposure; see `paired_click_lift`.
    """

    group: str
    output: str
    rows: int
    before: float
    after: float
    auc: BootstrapResult
    clicks: BootstrapResult


def group_lifts(
    first: Predictions,
    second: Predictions,
    replicates: int = 1000,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[GroupLift]:
    """Compares two rankers on the same rows, by a paired bootstrap over the users of each group.

    Args:
        first: Of the ranker to beat.
        second: Of the other one.
        replicates: Resamples of each comparison. Defaults to 1000.
        progress: Called with the comparisons done and their total.

    Returns:
        The lifts of every output that both have, all rows first and then group by group as in `group_metrics`. Rows
        whose user is not known are left out; a group without a row is not there.

    Raises:
        DataError: The users are not known, or the rankers were not judged on the same rows.
    """
    if first.users is None:
        raise DataError("lift by user needs a schema with a `user_key`")
    known = pd.notna(first.users)
    outputs = [name for name in second.outcomes if name in first.outcomes]
    groups = [(ALL, known), *_groups(second, known)]
    found = []
    done = 0
    for output in outputs:
        before, after = first.outcomes[output], second.outcomes[output]
        if not np.array_equal(before.rows, after.rows) or not np.array_equal(before.labels, after.labels):
            raise DataError(f"`{output}` of the two rankers is not judged on the same rows")
        for group, inside in groups:
            rows = inside & after.rows
            if rows.any():
                labels, scores = after.labels[rows], (before.probabilities[rows], after.probabilities[rows])
                users = first.users[rows]
                found.append(
                    GroupLift(
                        group,
                        output,
                        int(rows.sum()),
                        auc(labels, scores[0]),
                        auc(labels, scores[1]),
                        paired_bootstrap(labels, *scores, users, replicates=replicates),
                        paired_click_lift(labels, *scores, users, replicates),
                    )
                )
            done += 1
            progress(done, len(outputs) * len(groups))
    return found


def _groups(predictions: Predictions, known: NDArray[np.bool_]) -> list[tuple[str, NDArray[np.bool_]]]:
    found = []
    for values in predictions.groups.values():
        codes, names = pd.factorize(np.asarray(values, dtype=object), sort=True)
        found += [(str(name), known & (codes == code)) for code, name in enumerate(names)]
    return found
