"""Rows of requests, each with what came of it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import DataError, UsageError
from tfelc.data.contract import arrow_type
from tfelc.ranker.data.requests.keys import Keys
from tfelc.ranker.data.requests.outcome_log import OutcomeLog
from tfelc.ranker.data.requests.served_rows import ServedRows
from tfelc.schema.column import OUTCOME_KINDS
from tfelc.schema.schema import Schema

# What becomes of a row without an outcome.
Unmatched = Literal["drop", "negative"]


@dataclass(frozen=True)
class JoinedRows:
    """Rows of the schema, and how they came about.

    Attributes:
        table: The rows, under the schema's names: features as served, the rest from the outcomes.
        places: Where each row stands among the served ones.
        matched: How many have an outcome.
        unmatched: How many of the served rows have none.
        sent_again: Rows of requests that were sent again; the last one is kept.
        orphans: Outcomes without a logged request.
    """

    table: pa.Table
    places: npt.NDArray[np.int64]
    matched: int
    unmatched: int
    sent_again: int
    orphans: int

    @classmethod
    def of(cls, schema: Schema, rows: ServedRows, outcomes: OutcomeLog, keys: Keys, unmatched: Unmatched) -> JoinedRows:
        """Joins.

        Args:
            schema: The columns of the rows.
            rows: The served rows.
            outcomes: What happened.
            keys: What joins them.
            unmatched: Whether a row without an outcome is dropped, or one where nothing happened.

        Raises:
            DataError: Rows of one request have one key, or requests that the key does not tell apart; or a row would
                lack what must be there.
        """
        key = keys.of_rows(rows)
        kept = np.ones(len(key), bool)
        again, last = keys.repeated(key)
        if len(again):
            _check_repeated(keys, key, rows, again, last)
            kept[again] = False
            said = keys.said(key, int(again[0]))
            warnings.warn(
                f"{len(again):,} rows of requests that were sent again are left out, such as {said}; the last counts",
                DataWarning,
                stacklevel=2,
            )
        outcome = _places_of(key, outcomes, keys)
        found = kept & (outcome >= 0)
        places = np.flatnonzero(found if unmatched == "drop" else kept)
        if not len(places):
            raise DataError(f"{outcomes.name}: no outcome has the key of a logged request ({', '.join(keys.columns)})")
        joined = cls(
            _table(schema, rows, outcomes, keys, key, places, outcome[places], unmatched),
            places,
            matched=int(found.sum()),
            unmatched=int(kept.sum() - found.sum()),
            sent_again=len(again),
            orphans=len(outcomes.keys) - len(np.unique(outcome[found])),
        )
        return joined

    def counts(self) -> dict[str, int]:
        """What came of the rows, by name."""
        names = ("matched", "unmatched", "sent_again", "orphans")
        return {name: getattr(self, name) for name in names}


def _check_repeated(keys: Keys, key: pa.Table, rows: ServedRows, again: np.ndarray, last: np.ndarray) -> None:
    inside = rows.request[again] == rows.request[last]
    if inside.any():
        row = int(again[np.argmax(inside)])
        where = rows.where[rows.request[row]]
        raise DataError(
            f"{where}: two rows of the request have the key {keys.said(key, row)}; add a column to it that tells its "
            "rows apart, such as the item's id"
        )
    if not keys.tells_requests_apart:
        first, second = (rows.where[rows.request[int(each[0])]] for each in (again, last))
        raise DataError(
            f"{first}, and {second}: both have the key {keys.said(key, int(again[0]))}; add a column to it that tells "
            "requests apart, such as `request_id`"
        )


def _places_of(key: pa.Table, outcomes: OutcomeLog, keys: Keys) -> npt.NDArray[np.int64]:
    """Row of the outcomes for each served row, -1 where there is none."""
    left = key.append_column("__row", pa.array(np.arange(len(key))))
    right = outcomes.keys.append_column("__outcome", pa.array(np.arange(len(outcomes.keys))))
    joined = left.join(right, list(keys.columns), join_type="left outer").sort_by("__row")
    found: npt.NDArray[np.int64] = joined["__outcome"].fill_null(-1).to_numpy().astype(np.int64)
    return found


def _table(
    schema: Schema,
    rows: ServedRows,
    outcomes: OutcomeLog,
    keys: Keys,
    key: pa.Table,
    places: npt.NDArray[np.int64],
    outcome: npt.NDArray[np.int64],
    unmatched: Unmatched,
) -> pa.Table:
    there = pa.array(outcome, mask=outcome < 0)
    seconds = rows.seconds[rows.request[places]]
    arrays = {}
    for name, column in schema.columns.items():
        if column.is_feature:
            arrays[name] = rows.features[name].take(pa.array(places))
        elif name == keys.own:
            arrays[name] = key[name].take(pa.array(places))
        elif column.kind == "timestamp" and seconds.all():
            # When it was served, which is what its features are as of.
            arrays[name] = pa.array(seconds * 1_000_000)
        elif name in outcomes.columns.column_names:
            arrays[name] = outcomes.columns[name].take(there)
            # Of a label that may not be known, nothing is known there either.
            if column.kind in OUTCOME_KINDS and not column.nullable:
                arrays[name] = _with_negatives(arrays[name], outcome)
        elif column.kind == "group":
            arrays[name] = pa.nulls(len(places), arrow_type(column))
        else:
            raise DataError(
                f"{outcomes.name}: column `{name}` of kind {column.kind} is missing, and no request holds it"
            )
        if column.kind in ("id", "weight", "timestamp") and unmatched == "negative" and arrays[name].null_count:
            raise UsageError(
                f"`unmatched` negative: the rows without an outcome have no `{name}`, which is in the outcomes alone; "
                "drop them, or make it a feature",
                ["unmatched"],
            )
    if (split := schema.split.column) is not None and split in outcomes.columns.column_names and split not in arrays:
        arrays[split] = outcomes.columns[split].take(there)
    return pa.table(arrays)


def _with_negatives(labels: pa.ChunkedArray, outcome: npt.NDArray[np.int64]) -> pa.ChunkedArray:
    """Labels of 0 where there is no outcome at all; a label that its own row leaves open stays open."""
    nothing = pa.array(outcome < 0)
    return pa.chunked_array([pc.if_else(nothing, pa.scalar(0, labels.type), labels.combine_chunks())])
