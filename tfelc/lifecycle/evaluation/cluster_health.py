"""Whether the clusters cluster."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.metrics.assignment_agreement import assignment_agreement
from tfelc.metrics.cluster_use import cluster_use, effective_number
from tfelc.metrics.group_information import group_information
from tfelc.metrics.silhouette import silhouette


@dataclass(frozen=True)
class ClusterHealth:
    """The state of the clusters on a split.

    Attributes:
        num_clusters: Clusters that the model has; 0 where an earlier version's file does not say it.
        in_use: Effective number of clusters, exp of the entropy of the mean assignment.
        largest_share: Share of the rows or users in the largest one.
        silhouette: Mean silhouette on a sample of 2,000 rows; NaN where it is not defined, or not measured.
        groups: For each group column with a value, `information` (share of the groups' entropy that the cluster tells)
            and `adjusted_rand` (agreement of clusters and groups).

    Example:
        >>> health = ClusterHealth.of_clusters(np.array([0, 0, 1, 2]), num_clusters=4)
        >>> round(health.in_use, 3), health.largest_share
        (2.828, 0.5)
    """

    num_clusters: int
    in_use: float
    largest_share: float
    silhouette: float = math.nan
    groups: dict[str, dict[str, float]] = field(default_factory=dict)

    @classmethod
    def of_assignment(
        cls,
        assignment: NDArray[np.floating[Any]],
        embedding: NDArray[np.floating[Any]] | None = None,
        groups: Mapping[str, NDArray[Any]] | None = None,
    ) -> ClusterHealth:
        """The state of clusters to which each row belongs in part.

        Args:
            assignment: Soft assignments, `(rows, clusters)`.
            embedding: What was clustered, `(rows, dim)`. Defaults to None: there is no silhouette.
            groups: Group column -> group of each row, `(rows,)`, None where it is in none. Defaults to None: no column.
        """
        use = cluster_use(assignment)
        clusters = assignment.argmax(axis=1)
        return cls(
            assignment.shape[1],
            use.in_use,
            use.largest_share,
            math.nan if embedding is None else silhouette(embedding, clusters),
            {
                column: {
                    "information": group_information(clusters, values).share,
                    "adjusted_rand": assignment_agreement(clusters, values),
                }
                for column, values in (groups or {}).items()
                if any(value is not None for value in values)
            },
        )

    @classmethod
    def of_clusters(cls, clusters: NDArray[np.integer[Any]], num_clusters: int) -> ClusterHealth:
        """The state of clusters of which each row is in one, so that no (rows x clusters) array is needed.

        Args:
            clusters: Number of each row's cluster, `(rows,)`.
            num_clusters: Clusters that the model has.
        """
        shares = np.bincount(clusters, minlength=num_clusters) / len(clusters)
        return cls(num_clusters, effective_number(shares), float(shares.max()))

    def to_json(self) -> dict[str, Any]:
        """The state as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> ClusterHealth:
        """Reads what `to_json` or an earlier version wrote; what is null is NaN."""
        return cls(
            # Earlier versions called it `count`, and did not write it of a ranker.
            content.get("num_clusters", content.get("count", 0)),
            _number(content["in_use"]),
            _number(content["largest_share"]),
            _number(content.get("silhouette")),
            {
                column: {name: _number(value) for name, value in values.items()}
                for column, values in content.get("groups", {}).items()
            },
        )


def _number(value: float | None) -> float:
    return math.nan if value is None else value
