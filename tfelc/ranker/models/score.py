"""The formula of a schema over a ranker's outputs, in the graph."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from keras import ops

from tfelc.core.expression import Expression, Functions
from tfelc.schema.score import LAST_SCORE

Tensor = Any

# How far outputs may be off, as a share, between two computations of the same graph; and a score by that.
_OFF, _STEADY = 2e-6, 5e-6
_FUNCTIONS: Functions = {
    "log": ops.log,
    "exp": ops.exp,
    "sqrt": ops.sqrt,
    "min": ops.minimum,
    "max": ops.maximum,
}


def score_of(formula: Expression, outputs: Mapping[str, Tensor]) -> Tensor:
    """The formula's value for each row, in float64 and then rounded; `LAST_SCORE` where it is no finite number.

    Args:
        formula: Expression. What to compute.
        outputs: Mapping of output to float32 tensor of shape `(batch,)`.

    Returns:
        Float32 tensor of shape `(batch,)`.

    Example:
        >>> outputs = {"ctr": ops.convert_to_tensor([0.5, 0.25]), "cvr": ops.convert_to_tensor([0.25, 0.0])}
        >>> score_of(Expression("ctr * cvr ** 0.5", list(outputs)), outputs).numpy().tolist()
        [0.25, 0.0]
        >>> score_of(Expression("ctr / cvr", list(outputs)), outputs).numpy().tolist() == [2.0, LAST_SCORE]
        True
    """
    values = {name: ops.cast(outputs[name], "float64") for name in outputs}
    found = formula.value(values, _FUNCTIONS, lambda number: ops.convert_to_tensor(number, dtype="float64"))
    # A formula that names no output has one value for all rows.
    found = found + ops.zeros_like(next(iter(values.values())))
    found = ops.where(ops.isfinite(found), ops.clip(found, LAST_SCORE, -LAST_SCORE), LAST_SCORE)
    return ops.cast(found, "float32")


def unsteady_scores(formula: Expression, outputs: Mapping[str, Any]) -> np.ndarray:
    """Rows whose score changes much where the outputs change as little as rounding does, bool `(rows,)`.

    Args:
        formula: Expression. The formula.
        outputs: Mapping of output to float32 array of shape `(rows,)`.
    """
    exact = formula(outputs)
    found = np.zeros(exact.shape, bool)
    for sign in (1, -1):
        moved = formula(
            {name: each * (1 + sign * _OFF * (-1) ** place) for place, (name, each) in enumerate(outputs.items())}
        )
        with np.errstate(invalid="ignore"):
            found |= ~(np.abs(moved - exact) <= _STEADY * np.maximum(1, np.abs(exact))) & (moved != exact)
    return found
