"""Biases of groups of rows, fitted to outcomes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from tfelc.layers.group_bias import GroupBias
from tfelc.ranker.evaluation.predictions import Outcome

Array = NDArray[np.float64]

# Enough for either to stand still: the spread moves by ever smaller steps.
_STEPS_OF_SPREAD = 50
_STEPS_OF_NEWTON = 25
# A bias that goes further in one step has left the part of the curve that the step was worked out on.
_LONGEST_STEP = 1.0


def fit_group_biases(
    layers: Mapping[str, GroupBias],
    outcomes: Mapping[str, Outcome],
    groups: NDArray[np.integer],
    unknown: int | None,
) -> list[str]:
    """Sets the biases of each task; returns what to say of it.

    Args:
        layers: Task -> what is set.
        outcomes: Task -> what the model says without biases, and what happened.
        groups: Group of each row, `(rows,)`.
        unknown: The group of all values that are not known, whose bias is 0; None where there is none.
    """
    lines = []
    for task, layer in layers.items():
        rows = outcomes[task].rows
        chances = outcomes[task].probabilities[rows].astype(np.float64)
        labels = outcomes[task].labels[rows].astype(np.float64)
        logits, inside = logit(np.clip(chances, 1e-30, 1 - 6e-8)), groups[rows]
        known = inside != unknown
        if not 0 < labels[known].sum() < known.sum():
            lines.append(f"group_bias of `{task}`: left as it was; the validation split has rows of one outcome alone")
            continue
        biases = fit_group_bias(logits[known], labels[known], inside[known], layer.num_groups)
        layer.set_biases(biases)
        after = expit(logits + biases[inside])
        ratios = " -> ".join(f"{each.sum() / labels.sum():.3f}" for each in (chances, after))
        found = biases[np.unique(inside[known])]
        said = f"{len(found):,} groups, from {found.min():+.3f} to {found.max():+.3f}"
        lines.append(f"group_bias of `{task}`: {said}; predicted / observed on validation: {ratios}")
    return lines


def fit_group_bias(logits: Array, labels: Array, groups: NDArray[np.integer], num_groups: int) -> Array:
    """What is to be added to the logits of each group, so that it is predicted to have as many positives as it has.

    The biases are those that are likeliest if they come from a normal distribution around 0, so that a group with few
    rows gets less than what it is off by, and one without rows 0. How wide the distribution is, is estimated from the
    groups themselves: where they are off by no more than chance would have it, all biases are near 0.

    Args:
        logits: What the model says, `(rows,)`, finite.
        labels: 0 or 1, `(rows,)`.
        groups: Group of each row, `(rows,)`, from 0.
        num_groups: How many groups there are.

    Returns:
        The bias of each group, `(num_groups,)`.

    Example:
        >>> labels = np.r_[np.arange(2000) < 1462, np.arange(2000) < 538].astype(float)  # Logits of 1 and -1.
        >>> fit_group_bias(np.zeros(4000), labels, np.repeat([0, 2], 2000), 3).round(2).tolist()
        [1.0, 0.0, -1.0]
    """
    biases, variance = np.zeros(num_groups), 1.0
    present = np.bincount(groups, minlength=num_groups) > 0
    for _ in range(_STEPS_OF_SPREAD):
        for _ in range(_STEPS_OF_NEWTON):
            chances = expit(logits + biases[groups])
            off = np.bincount(groups, labels - chances, num_groups) - biases / variance
            certainty = np.bincount(groups, chances * (1 - chances), num_groups) + 1 / variance
            step = np.clip(off / certainty, -_LONGEST_STEP, _LONGEST_STEP)
            biases = biases + step
            if np.abs(step).max() < 1e-7:
                break
        # The mean square of what the biases may be, given the rows.
        found = float(np.mean(biases[present] ** 2 + 1 / certainty[present]))
        if abs(found - variance) < 1e-4 * variance:
            break
        variance = max(found, 1e-8)
    return biases
