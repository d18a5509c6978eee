"""A metric under any number of draws of each user."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Statistic(Protocol):
    """A metric whose rows may count several times or not at all, for a bootstrap over users.

    What the draws do not change, such as the order of the scores, is worked out once, when the statistic is made.

    Example:
        >>> def share_of_the_first(draws):
        ...     return draws[:, 0] / draws.sum(axis=1)
        >>> statistic: Statistic = share_of_the_first
        >>> statistic(np.array([[1.0, 1.0], [2.0, 0.0]])).tolist()
        [0.5, 1.0]
    """

    def __call__(self, draws: NDArray[np.float64], /) -> NDArray[np.float64]:
        """The metric of each resample.

        Args:
            draws: How often each user is drawn, `(replicates, users)`.

        Returns:
            The values, `(replicates,)`; NaN where a resample does not define the metric.
        """
