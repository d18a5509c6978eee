"""An exported next-item model as batch scoring uses it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tfelc.core.errors import DataError, ExportError
from tfelc.data.contract import arrow_type
from tfelc.lifecycle.export.model_inputs import list_input
from tfelc.lifecycle.scoring.exported_model import ExportedModel
from tfelc.next_item.export.recommender_manifest import RecommenderManifest
from tfelc.next_item.export.signatures import HISTORY, RECOMMEND, K
from tfelc.schema.column import Column

if TYPE_CHECKING:
    import pandas as pd

Array = npt.NDArray[Any]
# All that is known of a history is left out of the answer, so none of it may be cut off before the graph.
_WHOLE = 2**31 - 1
# Scores in memory at a time, and rows where the index needs none.
_SCORES = 2**24
_MOST_ROWS = 1_024


class ExportedRecommender(ExportedModel[RecommenderManifest]):
    """One version of an exported next-item model.

    `recommend` and `answer` may be called from several threads at once.

    Args:
        path: The version's folder, BASE/<version>, or BASE, which stands for its latest version.

    Raises:
        UsageError: The folder is missing, or neither is a version nor holds one.
        ExportError: It holds no export of a next-item model.

    Example:
        >>> recommender = ExportedRecommender(Path("exports/next/3"))  # doctest: +SKIP
        >>> recommender.recommend([["a", "b"], []], k=10)  # doctest: +SKIP
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, RecommenderManifest)

    @property
    def history_column(self) -> Column:
        """What a column of histories must be."""
        manifest = self.manifest
        return Column(kind="list", role="user", type=manifest.id_type, default=manifest.padding, max_length=_WHOLE)

    @property
    def has_clusters(self) -> bool:
        """Whether each answer names the user's cluster."""
        return self.manifest.clusters > 0

    def recommend(self, histories: Sequence[Sequence[Any]], k: int = 10) -> pd.DataFrame:
        """The best items after each history, as `NextItemModel.recommend` gives them.

        Args:
            histories: Sequence of sequences of raw item ids, oldest first.
            k: int. Items wanted. Defaults to 10.

        Raises:
            DataError: An id is not of the catalog's type.
            ExportError: A score is not a number.
        """
        from tfelc.next_item.scoring.recommendations_frame import recommendations_frame

        try:
            rows = pa.array([list(history) for history in histories], arrow_type(self.history_column))
        except (pa.ArrowException, TypeError) as error:
            raise DataError(f"histories: item ids are of type {self.manifest.id_type}: {error}") from None
        answers = self.answer(rows, k)
        return recommendations_frame(answers["ids"], answers["scores"])

    def answer(self, histories: pa.ListArray, k: int) -> dict[str, Array]:
        """The best items after each history, padded as the model pads them.

        Args:
            histories: Raw item ids in the type of `history_column`, without nulls.
            k: Items wanted.

        Returns:
            `ids` and `scores`, `(rows, k)` or narrower where the catalog is, and `cluster`, `(rows,)`.

        Raises:
            ExportError: A score is not a number.
        """
        # By length, so that one long history does not widen all the others.
        lengths = histories.value_lengths().to_numpy(zero_copy_only=False)
        order = np.argsort(lengths, kind="stable")
        places = [order[start : start + self._rows] for start in range(0, len(order), self._rows)]
        parts = [self._recommend(histories.take(pa.array(place)), k) for place in places or [order]]
        back = np.argsort(order, kind="stable")
        return {name: np.concatenate([part[name] for part in parts])[back] for name in parts[0]}

    @property
    def _rows(self) -> int:
        if self.manifest.index == "streaming":
            return _MOST_ROWS
        return int(np.clip(_SCORES // self.manifest.items, 1, _MOST_ROWS))

    def _recommend(self, histories: pa.ListArray, k: int) -> dict[str, Array]:
        inputs = {HISTORY: list_input(self.history_column, histories), K: np.array(k, np.int64)}
        answers = self.runner.run(RECOMMEND, inputs)
        if np.isnan(answers["scores"]).any():
            raise ExportError(f"{self.path}: a score is not a number; the export is unfit to recommend with")
        return answers
