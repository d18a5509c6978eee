"""Users' histories answered with their best items."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
import pyarrow as pa

from tfelc.core.errors import UsageError
from tfelc.data.contract import arrow_type
from tfelc.lifecycle.scoring.measures import Measures
from tfelc.lifecycle.scoring.scorer import VERSION_COLUMN, Scorer
from tfelc.next_item.export.conditions import NO_CONDITIONS, Conditions
from tfelc.next_item.export.signatures import UNKNOWN, UNKNOWN_VALUES
from tfelc.next_item.scoring.exported_recommender import ExportedRecommender
from tfelc.schema.column import Column

_ITEMS, _SCORES, _CLUSTER = "items", "scores", "cluster"
_OWN = (_ITEMS, _SCORES, _CLUSTER, UNKNOWN, VERSION_COLUMN)


class TopKScorer(Scorer):
    """Finds the best items for users.

    An empty history is answered with popular items, and an empty list of allowed items with none. A list that is null
    may as well be one that got lost, and its row is set aside.

    Args:
        recommender: The exported version.
        k: Items wanted for each user.
        user_id: Column of the users' ids.
        user_id_type: Their type, `integer` or `string`.
        history: Column of the histories, oldest item first.
        allow: Column of the lists of items to which a user's are restricted. Defaults to None: none are.
        deny: Column of the lists of items that a user does not get. Defaults to None: there are none.
        conditions: What holds for every user, as the conditions of one history. Defaults to nothing.

    Raises:
        UsageError: `k` is below 1, or a column is named twice, or as one of the output's own.
    """

    def __init__(
        self,
        recommender: ExportedRecommender,
        k: int,
        user_id: str,
        user_id_type: Literal["integer", "string"],
        history: str,
        allow: str | None = None,
        deny: str | None = None,
        conditions: Conditions = NO_CONDITIONS,
    ) -> None:
        if k < 1:
            raise UsageError(f"k must be at least 1. Received: {k}")
        if user_id == history:
            raise UsageError(f"column `{user_id}` cannot hold both the users' ids and their histories")
        if user_id in _OWN:
            raise UsageError(f"the output has a column `{user_id}` of its own; name the users' ids otherwise")
        self.model = self.recommender = recommender
        self._k = k
        self._user_id = user_id
        self._history = history
        self._allow, self._deny, self._conditions = allow, deny, conditions
        lists = [name for name in (history, allow, deny) if name is not None]
        if len({user_id, *lists}) <= len(lists):
            raise UsageError(f"columns {', '.join([user_id, *lists])}: one cannot hold two things; name each apart")
        self._columns = {
            user_id: Column(kind="id", type=user_id_type),
            **dict.fromkeys(lists, recommender.history_column),
        }
        self.never_null = frozenset(lists)

    @property
    def columns(self) -> dict[str, Column]:
        """The columns to be read."""
        return self._columns

    @property
    def output_schema(self) -> pa.Schema:
        """The columns of the output.

        User id, `items`, `scores`, `cluster` where there are clusters, `unknown` where there are lists of allowed or
        denied items, which counts those that the catalog lacks, and the version.
        """
        ids = arrow_type(self._columns[self._history])
        clusters = [(_CLUSTER, pa.int64())] if self.recommender.has_clusters else []
        unknown = [(UNKNOWN, pa.int64())] if self._has_lists else []
        return pa.schema(
            [
                (self._user_id, arrow_type(self._columns[self._user_id])),
                (_ITEMS, ids),
                (_SCORES, pa.list_(pa.float32())),
                *clusters,
                *unknown,
                (VERSION_COLUMN, pa.int64()),
            ]
        )

    def answer(self, rows: pa.Table, number: int, measures: Measures) -> list[pa.Array]:
        """User ids, items and scores, both without padding, clusters, and counts of unknown ids."""
        schema = self.output_schema
        allow, deny = (None if name is None else rows[name].to_pylist() for name in (self._allow, self._deny))
        where = None if self._conditions.where is None else [self._conditions.wanted(0)] * len(rows)
        conditions = replace(self._conditions, allow=allow, deny=deny, where=where)
        found = self.recommender.answer(rows[self._history].combine_chunks(), self._k, conditions)
        if UNKNOWN_VALUES in found and found[UNKNOWN_VALUES].any():
            asked = ", ".join(
                f"{name}={'|'.join(values)}"
                for name, values in self._conditions.wanted(0).items()
                if values is not True
            )
            raise UsageError(f"`where`: no item of the catalog has one of {asked}; look for a slip", ["where"])
        real = ~np.isneginf(found["scores"])
        offsets = pa.array(np.concatenate([[0], np.cumsum(real.sum(axis=1))]), pa.int32())
        items = pa.array(found["ids"][real], pa.binary() if found["ids"].dtype == object else None)
        lists = [
            pa.ListArray.from_arrays(offsets, items.cast(schema.field(_ITEMS).type.value_type)),
            pa.ListArray.from_arrays(offsets, pa.array(found["scores"][real])),
        ]
        clusters = [pa.array(found[_CLUSTER])] if self.recommender.has_clusters else []
        unknown = [pa.array(found[UNKNOWN])] if self._has_lists else []
        return [rows[self._user_id], *lists, *clusters, *unknown]

    @property
    def _has_lists(self) -> bool:
        return self._allow is not None or self._deny is not None
