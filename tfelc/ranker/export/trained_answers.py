"""What the trained ranker answers on raw rows, by the way it was trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tfelc.lifecycle.export.tied_clusters import tied_clusters
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.schema.task import CLUSTER_OUTPUTS

Array = npt.NDArray[Any]


def trained_answers(model: RankingModel, rows: pa.Table) -> tuple[dict[str, Array], npt.NDArray[np.bool_]]:
    """Scores rows as training and evaluation do: looked up from Arrow in Python, then run eagerly.

    Args:
        model: The ranker.
        rows: Its features, as in a prepared dataset.

    Returns:
        Output -> array of shape `(rows,)`, and where the two nearest cluster centers are equally near, so that either
        is right.
    """
    found = model.ranker(model.lookup.encode(rows), training=False)
    scores = model.outputs(found)
    answers: dict[str, Array] = {name: np.asarray(score, np.float32) for name, score in scores.items()}
    tied = np.zeros(len(rows), bool)
    if "clusters" in found:
        nearest, share = CLUSTER_OUTPUTS
        assignment = np.asarray(found["clusters"]["assignment"], np.float64)
        answers[nearest] = np.asarray(found["clusters"]["cluster"], np.int64)
        answers[share] = np.take_along_axis(assignment, answers[nearest][:, None], axis=1)[:, 0].astype(np.float32)
        tied = tied_clusters(assignment, model.ranker.config.clusters.temperature)
    return answers, tied
