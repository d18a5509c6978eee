"""How decided the gates are."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from tfelc.metrics.checks import checked_distributions


def gate_entropy(weights: ArrayLike) -> float:
    """Mean entropy of a gate's weights in nats.

    `-1/n sum_i sum_e w_ie log w_ie`, with `0 log 0 = 0`: 0 where each row picks one expert, `log(experts)` where all
    weigh alike.

    Args:
        weights: A gate's softmax, `(rows, experts)`.

    Raises:
        DataError: A row is no distribution.

    Example:
        >>> round(gate_entropy([[0.5, 0.5], [1.0, 0.0]]), 4)
        0.3466
    """
    checked = checked_distributions(weights, "gate weights")
    logs = np.log(checked, out=np.zeros_like(checked), where=checked > 0)
    # A zero's sign would show in the tables as -0.
    return float(max(0.0, -np.mean(np.sum(checked * logs, axis=1))))
