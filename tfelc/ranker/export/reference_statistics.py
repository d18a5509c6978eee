"""How features and scores were distributed when a ranker was exported: what later ones are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from tfelc.core.errors import DataError, TfelcError
from tfelc.data.dataset import Dataset
from tfelc.ranker.export.known_values import KnownValues, present
from tfelc.ranker.export.trained_answers import trained_answers
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.run import RankerRun
from tfelc.schema.column import Column
from tfelc.schema.schema import Schema
from tfelc.schema.task import CLUSTER_OUTPUTS

Counts = dict[str, dict[str, NDArray[np.int64]]]

_SAMPLE = 16_384
_ROWS_AT_ONCE = 4_096
_BINS = 10
_TOP_VALUES = 20


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NumberReference(_Frozen):
    """Distribution of a number.

    Attributes:
        edges: Upper ends of the bins but the last, which has none: the deciles, those that are equal once.
        counts: Rows of each bin, and last of all those without a value.
    """

    edges: list[float]
    counts: list[int]

    @classmethod
    def of(cls, values: NDArray[np.float32]) -> Self:
        """Bins values, NaN where there is none."""
        known = values[~np.isnan(values)]
        edges: list[float] = []
        if len(known):
            deciles = np.quantile(known, np.arange(1, _BINS) / _BINS, method="lower")
            edges = np.unique(deciles).astype(float).tolist()
        return cls(edges=edges, counts=_binned(edges, values).tolist())

    def count(self, values: NDArray[np.float32]) -> NDArray[np.int64]:
        """Other values' counts in the same bins."""
        return _binned(self.edges, values)


class ValueReference(_Frozen):
    """Distribution of a category, or of the values in a list.

    Attributes:
        values: The most frequent values.
        counts: How often each stood there, then all others together, then nothing (for a list: empty lists).
        unknown: How often a value stood there that is in no vocabulary; None for a table that hashes, and where an
            earlier version did not count.
    """

    values: list[str | int]
    counts: list[int]
    unknown: int | None = None

    @classmethod
    def of(cls, column: Column, values: pa.Array) -> Self:
        """Counts values, in the column's `arrow_type`."""
        counted = pc.value_counts(present(column, values)).to_pylist()
        top = sorted(counted, key=lambda each: (-each["counts"], each["values"]))[:_TOP_VALUES]
        reference = cls(values=[each["values"] for each in top], counts=[])
        return reference.model_copy(update={"counts": reference.count(column, values).tolist()})

    def count(self, column: Column, values: pa.Array) -> NDArray[np.int64]:
        """Other values' counts in the same bins."""
        there = present(column, values)
        found = pc.index_in(there, value_set=pa.array(self.values, there.type))
        known = len(self.values)
        counts = np.bincount(pc.fill_null(found, known).to_numpy(zero_copy_only=False), minlength=known + 1)
        if column.kind == "list":
            nothing = pc.sum(pc.equal(pc.fill_null(pc.list_value_length(values), 0), 0)).as_py() or 0
        else:
            nothing = len(values) - len(there)
        return np.append(counts, nothing)


class ReferenceStatistics(_Frozen):
    """Distributions over a sample of the validation split.

    Attributes:
        rows: Rows of the sample.
        features: Feature -> its distribution.
        outputs: Probability -> its distribution.
    """

    rows: int
    features: dict[str, NumberReference | ValueReference]
    outputs: dict[str, NumberReference]

    @classmethod
    def of(cls, schema: Schema, rows: pa.Table, scores: Mapping[str, NDArray[Any]], known: KnownValues) -> Self:
        """Takes the statistics.

        Args:
            schema: The features.
            rows: Their values, each in its `arrow_type`.
            scores: Probabilities of the same rows, by output.
            known: The vocabularies.
        """
        features: dict[str, NumberReference | ValueReference] = {}
        for name, column in schema.features.items():
            values = rows.column(name).combine_chunks()
            if not column.is_embedded:
                features[name] = NumberReference.of(numbers_of(column, values))
                continue
            unknown = {"unknown": known.unknown(schema, name, values)}
            features[name] = ValueReference.of(column, values).model_copy(update=unknown)
        return cls(
            rows=len(rows),
            features=features,
            outputs={name: NumberReference.of(np.asarray(score, np.float32)) for name, score in scores.items()},
        )

    def count(self, schema: Schema, rows: pa.Table, scores: Mapping[str, NDArray[Any]]) -> Counts:
        """Counts other rows in the same bins: `features` and `outputs`, name -> counts."""
        features = {}
        for name, reference in self.features.items():
            values = rows.column(name).combine_chunks()
            if isinstance(reference, NumberReference):
                features[name] = reference.count(numbers_of(schema.columns[name], values))
            else:
                features[name] = reference.count(schema.columns[name], values)
        outputs = {name: each.count(np.asarray(scores[name], np.float32)) for name, each in self.outputs.items()}
        return {"features": features, "outputs": outputs}

    def expected(self) -> dict[str, dict[str, list[int]]]:
        """The counts of the sample: `features` and `outputs`, name -> counts."""
        return {
            "features": {name: each.counts for name, each in self.features.items()},
            "outputs": {name: each.counts for name, each in self.outputs.items()},
        }


def take_statistics(run: RankerRun, model: RankingModel) -> ReferenceStatistics | None:
    """Statistics of a run's validation split, None where the data it was trained on is no longer there.

    Args:
        run: The run.
        model: Its ranker; it scores a sample of up to 16,384 rows, spread over the split.
    """
    try:
        rows = _sample(run.dataset(), model.schema)
    except TfelcError:
        return None
    pieces = []
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        answers, _ = trained_answers(model, rows.slice(start, _ROWS_AT_ONCE))
        pieces.append({name: each for name, each in answers.items() if name not in CLUSTER_OUTPUTS})
    scores = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
    return ReferenceStatistics.of(model.schema, rows, scores, KnownValues.of(run.fitted))


def _sample(dataset: Dataset, schema: Schema) -> pa.Table:
    dataset.check(schema)
    stride = max(1, dataset.rows("validation") // _SAMPLE)
    tables, done = [], 0
    for path in dataset.files("validation"):
        try:
            with pq.ParquetFile(path, page_checksum_verification=True) as file:
                for batch in file.iter_batches(columns=list(schema.features)):
                    tables.append(pa.Table.from_batches([batch]).take(np.arange(-done % stride, len(batch), stride)))
                    done += len(batch)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{path}: not a whole Parquet file: {' '.join(str(error).split())}") from None
    return pa.concat_tables(tables).select(list(schema.features))


def _binned(edges: list[float], values: NDArray[np.float32]) -> NDArray[np.int64]:
    missing = np.isnan(values)
    places = np.searchsorted(np.asarray(edges, np.float32), values, side="left")
    return np.bincount(np.where(missing, len(edges) + 1, places), minlength=len(edges) + 2)


def numbers_of(column: Column, values: pa.Array) -> NDArray[np.float32]:
    """The numbers of a column, one after the other; a row of a list or vector that has none is one NaN.

    Args:
        column: A number, a vector or a list of floats.
        values: Its values, `(rows,)`.
    """
    if not column.is_listed:
        return values.to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
    empty = pc.sum(pc.equal(pc.fill_null(pc.list_value_length(values), 0), 0)).as_py() or 0
    numbers = values.flatten().to_numpy(zero_copy_only=False).astype(np.float32, copy=False)
    return np.append(numbers, np.full(empty, np.nan, np.float32))
