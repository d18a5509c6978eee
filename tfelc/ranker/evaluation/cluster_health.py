"""Whether the clusters cluster."""

from __future__ import annotations

from typing import Any

from tfelc.metrics.assignment_agreement import assignment_agreement
from tfelc.metrics.cluster_use import cluster_use
from tfelc.metrics.group_information import group_information
from tfelc.metrics.silhouette import silhouette
from tfelc.ranker.evaluation.predictions import Predictions


def cluster_health(predictions: Predictions) -> dict[str, Any] | None:
    """The state of the clusters on a split.

    Returns:
        None for a ranker without clusters; else

        - `in_use`: effective number of clusters, exp of the entropy of the mean assignment;
        - `largest_share`: share of the rows in the largest one;
        - `silhouette`: mean silhouette on a sample of 2,000 rows, NaN where it is not defined;
        - `groups`: for each group column with a value, `information` (share of the groups' entropy that the cluster
          tells) and `adjusted_rand` (agreement of clusters and groups).
    """
    if predictions.assignment is None:
        return None
    use = cluster_use(predictions.assignment)
    clusters = predictions.assignment.argmax(axis=1)
    apart = float("nan") if predictions.embedding is None else silhouette(predictions.embedding, clusters)
    return {
        "in_use": use.in_use,
        "largest_share": use.largest_share,
        "silhouette": apart,
        "groups": {
            column: {
                "information": group_information(clusters, groups).share,
                "adjusted_rand": assignment_agreement(clusters, groups),
            }
            for column, groups in predictions.groups.items()
            if any(group is not None for group in groups)
        },
    }
