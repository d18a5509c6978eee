"""How well clusters are set apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.core.errors import DataError


def silhouette(
    embeddings: NDArray[np.floating[Any]], clusters: NDArray[np.integer[Any]], sample: int = 2000, seed: int = 0
) -> float:
    """Mean silhouette by cosine distance, on a sample.

    `mean_i (b_i - a_i) / max(a_i, b_i)`, with `a_i` the mean distance of a row to its own cluster and `b_i` that to the
    nearest other one: near 1 where clusters are tight and far apart, near 0 where they overlap. A row alone in its
    cluster counts 0, and so does a row of zeros, which has no direction.

    Args:
        embeddings: What was clustered, `(rows, dim)`.
        clusters: Number of each row's cluster, `(rows,)`.
        sample: Rows that are drawn; its square is the cost. Defaults to 2000.
        seed: Of the draw. Defaults to 0.

    Returns:
        The value, in [-1, 1]; NaN where the sample lies in one cluster, or each row in its own.

    Raises:
        DataError: The lengths differ, or an embedding is not finite.

    Example:
        >>> rows = np.array([[1.0, 0.0], [3.0, 0.0], [0.0, 1.0], [-2.0, 0.0]])
        >>> silhouette(rows, np.array([0, 0, 1, 1]))
        0.625

    Source: Rousseeuw (1987).
    """
    if len(embeddings) != len(clusters):
        raise DataError(f"silhouette needs one cluster a row, ({len(embeddings)},). Received: {len(clusters)}")
    chosen = np.arange(len(clusters))
    if len(chosen) > sample:
        chosen = np.random.default_rng(seed).choice(chosen, sample, replace=False)
    rows, labels = np.asarray(embeddings[chosen], np.float64), clusters[chosen]
    if not np.isfinite(rows).all():
        raise DataError("silhouette needs finite embeddings")
    if not 1 < len(np.unique(labels)) < len(labels):
        return float("nan")

    # Imported here: it loads slowly and the other metrics do without.
    from sklearn.metrics import silhouette_score

    return float(silhouette_score(rows, labels, metric="cosine"))
