"""Which rows a ranking term compares, as numbers that batches can hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.core.errors import UsageError
from tfelc.ranker.evaluation.requests import Requests
from tfelc.schema.request_key import check_request_key
from tfelc.schema.schema import Schema

# Where the batches' labels hold the numbers: no name that a task can have.
RANKED_TOGETHER = "ranked together"


class RankedTogether:
    """Reads what each row is ranked together with: its user, its request, or what a column says.

    Args:
        schema: The schema.
        group: A column of kind `id`, `category` or `group`, or `user_and_day`. Defaults to None: what GAUC is within.

    Raises:
        UsageError: There is no such column, or the schema says nothing of users and requests.
    """

    def __init__(self, schema: Schema, group: str | None = None) -> None:
        if group is not None:
            try:
                check_request_key(group, schema.columns, schema.user_key, "training.ranking.group")
            except ValueError as error:
                raise UsageError(str(error)) from None
            schema = schema.model_copy(update={"request_key": group})
        self._requests = Requests(schema)
        if self._requests.name is None:
            raise UsageError(
                f"training.ranking: schema `{schema.name}` has neither `request_key` nor `user_key`, which say what is "
                "ranked together; set training.ranking.group to a column"
            )

    @property
    def columns(self) -> list[str]:
        """The columns that are read."""
        return self._requests.columns

    def of(self, table: pa.Table) -> NDArray[np.int64]:
        """A number of at least 0 for each row, the same wherever the value turns up; -1 where it is not known."""
        codes, distinct = pd.factorize(self._requests.of(table))
        words: NDArray[Any] = np.empty(len(distinct) + 1, object)
        words[:-1] = [str(value) for value in distinct]
        words[-1] = ""
        # One bit less than the hash has, so that none is negative.
        numbers = (pd.util.hash_array(words, categorize=False) >> np.uint64(1)).astype(np.int64)
        numbers[-1] = -1
        return numbers[codes]
