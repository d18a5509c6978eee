"""An exported next-item model as batch scoring uses it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tfelc.core.errors import DataError, ExportError
from tfelc.data.contract import arrow_type
from tfelc.lifecycle.export.model_inputs import list_input
from tfelc.lifecycle.scoring.exported_model import ExportedModel
from tfelc.next_item.export.conditions import NO_CONDITIONS, Conditions
from tfelc.next_item.export.recommender_manifest import RecommenderManifest
from tfelc.next_item.export.requests import condition_inputs
from tfelc.next_item.export.signatures import HISTORY, RECOMMEND, RECOMMEND_WITH, K
from tfelc.next_item.scoring.warn_of_unknown import warn_of_unknown
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

    def recommend(
        self,
        histories: Sequence[Sequence[Any]],
        k: int = 10,
        allow: Sequence[Any] | None = None,
        deny: Sequence[Any] | None = None,
        keep_seen: bool = False,
        where: Any = None,
        at_most: Mapping[str, int] | None = None,
        diversity: float = 0.0,
    ) -> pd.DataFrame:
        """The best items after each history, as `NextItemModel.recommend` gives them.

        Args:
            histories: Sequence of sequences of raw item ids, oldest first.
            k: int. Items wanted. Defaults to 10.
            allow: As for `NextItemModel.recommend`. Defaults to None: all items.
            deny: As for `NextItemModel.recommend`. Defaults to None: no item.
            keep_seen: As for `NextItemModel.recommend`. Defaults to False.
            where: As for `NextItemModel.recommend`. Defaults to None: any item will do.
            at_most: As for `NextItemModel.recommend`. Defaults to None: any number of items.
            diversity: As for `NextItemModel.recommend`. Defaults to 0.

        Raises:
            UsageError: There is neither one list of a kind for all histories nor one for each, or the export knows no
                such attribute.
            DataError: An id is not of the catalog's type.
            ExportError: A score is not a number, or the export is of a version that knew no conditions.
        """
        from tfelc.next_item.scoring.recommendations_frame import recommendations_frame

        kinds = self.manifest.attributes
        conditions = Conditions.of(len(histories), allow, deny, keep_seen, where, at_most, diversity, kinds)
        rows = self._typed("histories", histories)
        self._typed("allow", [items or () for items in conditions.allow or ()])
        self._typed("deny", conditions.deny or ())
        answers = self.answer(rows, k, conditions)
        warn_of_unknown(answers)
        return recommendations_frame(answers["ids"], answers["scores"])

    def answer(self, histories: pa.ListArray, k: int, conditions: Conditions = NO_CONDITIONS) -> dict[str, Array]:
        """The best items after each history, padded as the model pads them.

        Args:
            histories: Raw item ids in the type of `history_column`, without nulls.
            k: Items wanted.
            conditions: Which items may be recommended. Defaults to all that are new to the history.

        Returns:
            `ids` and `scores`, `(rows, k)` or narrower where the catalog is, and `cluster`, `(rows,)`. Under conditions
            also `unknown` and `unknown_values`, `(rows,)`: their ids that the catalog lacks, and values of no item.

        Raises:
            ExportError: A score is not a number, or the export is of a version that knew no conditions.
        """
        if conditions and RECOMMEND_WITH not in self.manifest.signatures:
            raise ExportError(
                f"{self.path}: is of a version that knew no allow, deny and keep_seen; export its run anew"
            )
        # By length, so that one long history does not widen all the others.
        lengths = histories.value_lengths().to_numpy(zero_copy_only=False)
        order = np.argsort(lengths, kind="stable")
        places = [order[start : start + self._rows] for start in range(0, len(order), self._rows)]
        parts = [
            self._recommend(histories.take(pa.array(place)), k, conditions.take(place.tolist()))
            for place in places or [order]
        ]
        back = np.argsort(order, kind="stable")
        return {name: np.concatenate([part[name] for part in parts])[back] for name in parts[0]}

    @property
    def _rows(self) -> int:
        if self.manifest.index == "streaming":
            return _MOST_ROWS
        return int(np.clip(_SCORES // self.manifest.items, 1, _MOST_ROWS))

    def _typed(self, name: str, lists: Sequence[Sequence[Any]]) -> pa.ListArray:
        try:
            return pa.array([list(items) for items in lists], arrow_type(self.history_column))
        except (pa.ArrowException, TypeError) as error:
            raise DataError(f"{name}: item ids are of type {self.manifest.id_type}: {error}") from None

    def _recommend(self, histories: pa.ListArray, k: int, conditions: Conditions) -> dict[str, Array]:
        inputs = {HISTORY: list_input(self.history_column, histories), K: np.array(k, np.int64)}
        if conditions:
            inputs |= condition_inputs(conditions, len(histories), self.manifest.id_type, self.manifest.attributes)
        answers = self.runner.run(RECOMMEND_WITH if conditions else RECOMMEND, inputs)
        if np.isnan(answers["scores"]).any():
            raise ExportError(f"{self.path}: a score is not a number; the export is unfit to recommend with")
        return answers
