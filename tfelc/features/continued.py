"""Features that were fitted before, fitted on to one more day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tfelc.core.errors import SchemaError
from tfelc.features.feature_counts import FeatureCounts, ValueCounts
from tfelc.features.fit import CountedRows, fitted_to, ordered_vocabulary
from tfelc.features.fitted import FittedFeatures, NumberStatistics
from tfelc.features.running_number import Moments, RunningNumber
from tfelc.schema.schema import Schema


@dataclass(frozen=True)
class Retention:
    """How long values are kept.

    Attributes:
        count_decay: Share of the counts so far that the next day begins with.
        evict_below: A value leaves the vocabulary once its count is below this.
        keep_days: A value leaves the vocabulary, and is forgotten, once it was not seen for so many days; 0 keeps it.
    """

    count_decay: float = 1.0
    evict_below: float = 0.0
    keep_days: int = 0


@dataclass(frozen=True)
class VocabularyChange:
    """What one day did to a vocabulary.

    Attributes:
        kept: Values that were in it before and still are.
        admitted: Values that came into it.
        evicted: Values that left it.
        waiting: Values that were counted and are not in it.
    """

    kept: int
    admitted: int
    evicted: int
    waiting: int


@dataclass(frozen=True)
class ContinuedFeatures:
    """Features that were fitted on.

    Attributes:
        fitted: The features.
        counts: What the next day goes on from.
        changes: Table with a fitted vocabulary that there was before -> what became of it.
    """

    fitted: FittedFeatures
    counts: FeatureCounts
    changes: dict[str, VocabularyChange]


def continue_features(
    schema: Schema,
    before: FittedFeatures,
    counts: FeatureCounts,
    counted: CountedRows,
    min_count: int,
    retention: Retention,
) -> ContinuedFeatures:
    """Fits features on to the rows of one more day.

    A vocabulary grows by the values that all days together have seen often enough, and loses those that `retention`
    does not keep; where the schema limits its size, the least frequent go. Means and variances are those of all days.
    Boundaries of buckets and edges of bins stay where they were, since the weights behind them mean those.

    Args:
        schema: The columns of today.
        before: The features before.
        counts: What was counted before.
        counted: What was counted today.
        min_count: How often a value must have been seen where the schema says nothing of its table.
        retention: How long values are kept.

    Raises:
        SchemaError: A vocabulary came out empty.
    """
    day = counts.day + 1
    fresh = CountedRows({name: found for name, found in counted.values.items() if name not in counts.tables}, {})
    vocabularies: dict[str, Any] = dict(fitted_to(schema, fresh, min_count).vocabularies)
    tables = {name: ValueCounts.of(found, dict.fromkeys(found, day)) for name, found in fresh.values.items()}
    changes = {}
    for name, today in counted.values.items():
        if name in counts.tables:
            known, count = before.vocabularies[name], counts.tables[name]
            tables[name], vocabularies[name], changes[name] = _grown(
                schema, name, known, count, today, day, min_count, retention
            )
    numbers, moments = _numbers(before, counts, counted.numbers, retention.count_decay)
    return ContinuedFeatures(
        FittedFeatures(vocabularies=vocabularies, numbers=numbers),
        FeatureCounts(day=day, tables=tables, numbers=moments),
        changes,
    )


def _grown(
    schema: Schema,
    name: str,
    before: list[Any],
    counts: ValueCounts,
    today: Mapping[Any, int],
    day: int,
    min_count: int,
    retention: Retention,
) -> tuple[ValueCounts, list[Any], VocabularyChange]:
    stated = schema.tables.get(name)
    known = set(before)
    total = dict(zip(counts.values, (count * retention.count_decay for count in counts.counts), strict=True))
    seen = dict(zip(counts.values, counts.seen, strict=True))
    for value, count in today.items():
        total[value] = total.get(value, 0.0) + count
        seen[value] = day
    if retention.keep_days:
        total = {value: count for value, count in total.items() if day - seen[value] < retention.keep_days}
    enough = max(stated.min_count if stated else min_count, retention.evict_below)
    candidates = {
        value: count for value, count in total.items() if count >= (retention.evict_below if value in known else enough)
    }
    if not candidates:
        raise SchemaError(
            f"table `{name}`: no value would be left of its vocabulary; raise `warm_start.keep_days`, or lower "
            "`warm_start.evict_below`"
        )
    vocabulary = ordered_vocabulary(schema, name, candidates, 0, stated.max_size if stated else None)
    kept = len(known.intersection(vocabulary))
    change = VocabularyChange(kept, len(vocabulary) - kept, len(known) - kept, len(total) - len(vocabulary))
    return ValueCounts.of(total, seen), vocabulary, change


def _numbers(
    before: FittedFeatures, counts: FeatureCounts, today: Mapping[str, RunningNumber], share: float
) -> tuple[dict[str, NumberStatistics], dict[str, Moments]]:
    numbers, moments = {}, {}
    for name, number in today.items():
        fitted = number.statistics()
        moments[name] = number.moments
        if (known := before.numbers.get(name)) is not None:
            # A training that kept no counts says not how much its mean weighs: it stays what it was.
            found = counts.numbers.get(name)
            if found is not None:
                moments[name] = found.faded(share).merged(number.moments)
            fitted = known.model_copy(
                update={
                    "mean": known.mean if found is None else moments[name].mean,
                    "variance": known.variance if found is None else moments[name].variance,
                    "missing": known.missing or number.missing,
                }
            )
        numbers[name] = fitted
    return numbers, moments
