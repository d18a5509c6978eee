"""What one version has answered, with what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.aggregates.clock import Clock
from tfelc.data.delays.mature_rows import mature_rows
from tfelc.data.log_source import LogInput
from tfelc.data.plain_column import plain_column
from tfelc.lifecycle.export.served_requests import log_files_of
from tfelc.ranker.data.outcomes import Outcomes
from tfelc.ranker.data.requests.joined_rows import JoinedRows, Unmatched
from tfelc.ranker.data.requests.served_rows import ServedRows, Window
from tfelc.ranker.data.task_labels import task_labels
from tfelc.ranker.evaluation.predictions import Outcome
from tfelc.ranker.monitoring.watch import OutcomeSource
from tfelc.ranker.scoring.exported_ranker import ExportedRanker
from tfelc.schema.request_key import USER_AND_DAY
from tfelc.schema.schema import Schema
from tfelc.schema.task_chain import select_tasks, value_outputs


@dataclass(frozen=True)
class ServedArm:
    """The rows of one version's requests, as far as they have an outcome or stand for one where nothing happened.

    Attributes:
        version: The version.
        schema: The columns of the rows.
        heads: The tasks that it predicts.
        rows: All that it has answered.
        joined: The rows that count among them.
        key: What joins each of those to its outcome.
    """

    version: int
    schema: Schema
    heads: Sequence[str]
    rows: ServedRows
    joined: JoinedRows
    key: pa.Table

    @classmethod
    def read(
        cls,
        ranker: ExportedRanker,
        requests: Sequence[str],
        outcomes: LogInput,
        unmatched: Unmatched,
        key: Sequence[str],
        window: Window,
    ) -> ServedArm | None:
        """Reads the requests that a version has answered; None where there is none.

        Args:
            ranker: The version; its graph is not loaded.
            requests: Files of the log, patterns or folders.
            outcomes: What came of them: a DataFrame, an Arrow table, or files.
            unmatched: Whether a row without an outcome is dropped, or one where nothing happened.
            key: Names of the columns that join the two; none stand for the schema's `request_key`.
            window: Which of them count.

        Raises:
            DataError: A log is missing or damaged, a request does not fit the version, or none has an outcome.
            UsageError: A column of the key is not in the requests.
        """
        schema = ranker.schema
        beside = [*schema.of_kind("group")]
        # Of a row without an outcome nobody knows the user, unless a request says it.
        if schema.user_key is not None and (unmatched == "drop" or schema.columns[schema.user_key].is_feature):
            beside.append(schema.user_key)
        source = OutcomeSource(schema, outcomes, unmatched, key, beside)
        rows = ServedRows.read(schema, log_files_of(requests), ranker.probabilities, window)
        if not len(rows.features):
            return None
        joined = source.joined(rows)
        found = source.keys.of_rows(rows).take(pa.array(joined.places))
        return cls(ranker.version, source.schema, list(ranker.manifest.tasks), rows, joined, found)

    @property
    def requests(self) -> NDArray[np.int64]:
        """Number of the request that each row is of."""
        return self.rows.request[self.joined.places]

    @property
    def seconds(self) -> NDArray[np.int64]:
        """Time of each row's request, in seconds since 1970; 0 where the log has none."""
        return self.rows.seconds[self.requests]

    def outcomes(self) -> dict[str, Outcome]:
        """By output, over the rows where it is judged and the log has its score."""
        tasks = select_tasks(self.schema, self.heads, {})
        table = mature_rows(self.schema, self.joined.table, f"outcomes of version {self.version}'s requests")
        judged = Outcomes(tasks, task_labels(table, tasks, self.schema.nullable_labels)).judged(self.heads)
        values = value_outputs(tasks, self.heads)
        found = {}
        for name, (rows, labels) in judged.items():
            scores = self.rows.scores[name][self.joined.places]
            found[name] = Outcome(rows & ~np.isnan(scores), labels, scores, name in values)
        return found

    def users(self) -> NDArray[Any] | None:
        """The user of each row, None where not known; None where neither requests nor outcomes tell."""
        name = self.schema.user_key
        if name is None or name not in self.joined.table.column_names:
            return None
        keys = plain_column(self.joined.table[name], self.schema.columns[name]).to_pylist()
        found = np.empty(len(keys), object)
        found[:] = keys
        return None if pd.isna(found).all() else found

    def within(self) -> NDArray[Any] | None:
        """What each row is ranked together with, for GAUC: its request, or the user and day, where the schema asks."""
        if self.schema.request_key is None:
            return None
        if self.schema.request_key != USER_AND_DAY or USER_AND_DAY in self.schema.columns:
            return self.requests
        users = self.users()
        if users is None or not self.seconds.all():
            raise DataError(
                f"version {self.version}: `request_key` {USER_AND_DAY} needs the user of each row and the time of each "
                "request, which outcomes or log do not tell"
            )
        days = Clock(self.schema.timezone).days(self.seconds * 1_000_000)
        return pd.factorize(pd.MultiIndex.from_arrays([users, days]))[0]

    def groups(self) -> Mapping[str, NDArray[Any]]:
        """Group column -> value of each row, None where the row is in no group."""
        table = self.joined.table
        names = [name for name in self.schema.of_kind("group") if name in table.column_names]
        return {name: table[name].to_numpy() for name in names}

    def where_also(self, other: ServedArm) -> NDArray[np.bool_]:
        """The rows whose key is one of the other version's, too: nobody knows which of the two was shown."""
        names = self.key.column_names
        if names != other.key.column_names:
            return np.zeros(len(self.key), bool)
        places = self.key.append_column("__row", pa.array(np.arange(len(self.key))))
        found = np.zeros(len(self.key), bool)
        found[places.join(other.key, names, join_type="left semi")["__row"].to_numpy()] = True
        return found
