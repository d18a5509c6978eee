"""Whether two versions were asked alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tfelc.metrics.population_stability_index import population_stability_index
from tfelc.ranker.export.reference_statistics import NumberReference, ValueReference, numbers_of
from tfelc.ranker.publishing.served_arm import ServedArm

Rows = NDArray[np.bool_]


def request_imbalance(
    served: ServedArm, candidate: ServedArm, rows: Sequence[Rows], units: Sequence[int]
) -> dict[str, float]:
    """Population stability index of each feature, the canary's rows against the served version's, largest first.

    What chance brings of it, were users or requests split at random, is taken off: a bin less than there are, over the
    number of them in each version. The user's own id is left out, by which requests may be split.

    Args:
        served: The requests of the served version.
        candidate: Those of the canary.
        rows: The rows that count, of both.
        units: Users or requests that these are of, of both.
    """
    found = {}
    for name, column in candidate.schema.features.items():
        theirs = served.schema.columns.get(name)
        if (
            name == candidate.schema.user_key
            or theirs is None
            or (theirs.kind, theirs.value_type) != (column.kind, column.value_type)
        ):
            continue
        one, other = (
            arm.joined.table[name].combine_chunks().filter(kept)
            for arm, kept in zip((served, candidate), rows, strict=True)
        )
        if column.is_embedded:
            values = ValueReference.of(column, one)
            counts, before = values.count(column, other), values.counts
        else:
            numbers = NumberReference.of(numbers_of(column, one))
            counts, before = numbers.count(numbers_of(column, other)), numbers.counts
        by_chance = (len(before) - 1) * sum(1 / count for count in units)
        found[name] = max(0.0, population_stability_index(before, counts) - by_chance)
    return dict(sorted(found.items(), key=lambda item: -item[1]))
