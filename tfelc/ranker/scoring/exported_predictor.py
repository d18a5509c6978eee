"""An exported version's answers on a split of a dataset, judged as a run's are: a check for skew between the two."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa

from tfelc.data.plain_column import plain_column
from tfelc.data.split_tables import SplitTables
from tfelc.ranker.evaluation.predictions import Predictions, predict_split
from tfelc.ranker.scoring.exported_ranker import ExportedRanker
from tfelc.schema.task_chain import select_tasks


class ExportedPredictor:
    """Scores splits through the session that serves, from raw values; the counterpart of `Predictor`.

    Args:
        ranker: The exported version.
        dataset: A dataset whose columns fit its schema.

    Raises:
        DataError: They do not.
    """

    def __init__(self, ranker: ExportedRanker, dataset: SplitTables) -> None:
        dataset.check(ranker.schema, "the export's schema")
        self._ranker = ranker
        self._dataset = dataset

    def predict(self, split: str, progress: Callable[[int], None] = lambda rows: None) -> Predictions:
        """Scores a split.

        Args:
            split: Its name.
            progress: Called with the number of rows done since its last call.
        """
        schema, heads = self._ranker.schema, list(self._ranker.manifest.tasks)
        tasks = select_tasks(schema, heads, {})
        return predict_split(self._dataset, split, schema, tasks, heads, self._answer, progress)

    def _answer(self, table: pa.Table) -> dict[str, Any]:
        features = self._ranker.schema.features
        rows = pa.table({name: plain_column(table[name], column) for name, column in features.items()})
        scores = self._ranker.score(rows)
        return {"probabilities": {name: scores[name] for name in self._ranker.probabilities}}
