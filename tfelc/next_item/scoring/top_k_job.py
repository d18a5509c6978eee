"""The best items of a next-item model for many users."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tfelc.lifecycle.scoring.batch_job import BatchJob, BatchSettings
from tfelc.lifecycle.scoring.input_file import stored_type
from tfelc.next_item.scoring.exported_recommender import ExportedRecommender
from tfelc.next_item.scoring.top_k_scorer import TopKScorer


@dataclass(frozen=True)
class TopKSettings(BatchSettings):
    """What is asked for, beside what is asked of every job.

    Attributes:
        k: Items wanted for each user. Defaults to 100.
        user_id: Column of the users' ids. Defaults to `user_id`.
        history: Column of the lists of their items, oldest first. Defaults to `history`.
    """

    k: int = 100
    user_id: str = "user_id"
    history: str = "history"

    def scorer(self) -> TopKScorer:
        """What finds the items."""
        recommender = ExportedRecommender(self.model)
        # Ids leave as they came; where the files do not say what they are, they are text.
        stored = stored_type(self.inputs, self.user_id, self.csv_delimiter)
        integers = stored is not None and pa.types.is_integer(stored)
        return TopKScorer(recommender, self.k, self.user_id, "integer" if integers else "string", self.history)


class TopKJob(BatchJob[TopKSettings]):
    """A job whose model, inputs and columns have been checked.

    Args:
        settings: What is asked for.

    Raises:
        UsageError: Settings contradict each other, or name what is not there.
        ExportError: The model is no export of a next-item model.
        DataError: A file is missing, cannot be read, or lacks a column.

    Example:
        >>> from pathlib import Path
        >>> settings = TopKSettings(model=Path("exports/next/3"), inputs=("users.parquet",), output="recs", k=100)
        >>> TopKJob(settings).run().scored  # doctest: +SKIP
        22363
    """

    @property
    def details(self) -> dict[str, Any]:
        """How many items, and from which columns."""
        settings = self.settings
        return {"k": settings.k, "history": settings.history}
