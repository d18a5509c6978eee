"""Any array -> times."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.data.values.brought import Brought, Fault, brought
from tfelc.data.values.clean_texts import as_texts, parsed
from tfelc.data.values.failing_rows import cast_or_null
from tfelc.data.values.masks import mask_of, without
from tfelc.data.values.missing_words import without_own_words, without_usual_words
from tfelc.data.values.whole_numbers import float_fault, float_limit
from tfelc.data.values.whole_text import whole_texts
from tfelc.schema.column import Column

_UTC = "UTC"
_MICROSECONDS = 1_000_000
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}(:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?)?)?"
_NAIVE = rf"{_TIME}$"
_ZONED = rf"{_TIME}(Z|[+-][0-9]{{2}}(:?[0-9]{{2}})?)$"
FRACTION = "a number with a fraction is no whole count of time; only `tfelc prepare` reads such times, as seconds"


@dataclass(frozen=True)
class Moments:
    """Times, and in which forms they came.

    Attributes:
        brought: int64: microseconds since 1970 in UTC, or the numbers of a column of bare numbers.
        bare: Where a bare number stood, whose unit nothing tells.
        fractions: Whether a bare number had a fraction.
        naive: Whether a time came without a zone.
        zoned: Whether a time came with one.
    """

    brought: Brought
    bare: NDArray[np.bool_]
    fractions: bool = field(default=False)
    naive: bool = field(default=False)
    zoned: bool = field(default=False)


def moments(array: pa.Array, column: Column, is_text: bool, in_seconds: bool = False) -> Moments:
    """Brings values to times.

    Args:
        array: Numbers, decimals, dates, timestamps, texts or bytes, without encodings.
        column: The column; times without a zone are of its `timezone`.
        is_text: Whether it comes from a text file, whose cells have no type.
        in_seconds: Whether bare numbers are seconds, which become microseconds. Defaults to False: they are kept.
    """
    kind = array.type
    there = ~array.is_null().to_numpy(zero_copy_only=False)
    if pa.types.is_date(kind) or pa.types.is_timestamp(kind):
        zoned = pa.types.is_timestamp(kind) and kind.tz is not None
        found = _of_times(array, column)
        return Moments(found, np.zeros(len(array), bool), naive=not zoned and bool(there.any()), zoned=zoned)
    if pa.types.is_integer(kind):
        values, bad = cast_or_null(array, lambda part: part.cast(pa.int64()))
        return _scaled(values, [Fault(bad)], there, in_seconds)
    if pa.types.is_floating(kind):
        return _of_floats(array.cast(pa.float64()), [], float_limit(kind), array.type, in_seconds)
    if pa.types.is_decimal(kind):
        array = array.cast(pa.string())
    texts, faults = as_texts(array, is_text)
    return _of_texts(texts, faults, column, is_text, in_seconds)


def _of_times(array: pa.Array, column: Column) -> Brought:
    kind = array.type
    if pa.types.is_date(kind):
        array, kind = array.cast(pa.timestamp("ms"), safe=False), pa.timestamp("ms")
    if kind.unit == "ns":
        # Down to the microsecond before, not towards 1970.
        nanoseconds = pc.fill_null(array.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
        array = pa.array(nanoseconds // 1000, mask=array.is_null().to_numpy(zero_copy_only=False))
        array, bad = array.cast(pa.timestamp("us", kind.tz)), np.zeros(len(array), bool)
    else:
        array, bad = cast_or_null(array, lambda part: part.cast(pa.timestamp("us", kind.tz)))
    return brought(_in_utc(array, column), [Fault(bad, "the time is out of range")])


def _in_utc(times: pa.Array, column: Column) -> pa.Array:
    """Times of microseconds as their numbers; those without a zone are of the column's."""
    if times.type.tz is None and (column.timezone or _UTC) != _UTC:
        # An hour that a clock shows twice is the first, one that it leaves out begins the next.
        times = pc.assume_timezone(times, column.timezone, ambiguous="earliest", nonexistent="latest")
    return times.cast(pa.int64())


def _of_floats(values: pa.Array, faults: list[Fault], limit: float, kind: pa.DataType, in_seconds: bool) -> Moments:
    numbers = values.to_numpy(zero_copy_only=False)
    there = ~np.isnan(numbers)
    broken = np.isinf(numbers)
    whole = there & ~broken & (numbers == np.trunc(numbers))
    large = whole & (np.abs(numbers) >= limit)
    fraction = there & ~broken & ~whole
    faults += [float_fault(kind, large), Fault(broken)]
    if not in_seconds:
        good = whole & ~large
        counts = pa.array(np.where(good, numbers, 0).astype(np.int64), mask=~good)
        return Moments(brought(counts, [*faults, Fault(fraction, FRACTION)]), there, bool(fraction.any()))
    scaled = np.where(there, np.round(np.where(there, numbers, 0) * _MICROSECONDS), 0)
    good = there & ~broken & ~large & (np.abs(scaled) < 2.0**63)
    counts = pa.array(np.where(good, scaled, 0).astype(np.int64), mask=~good)
    out = there & ~broken & ~large & ~good
    return Moments(brought(counts, [*faults, Fault(out, "the time is out of range")]), there, bool(fraction.any()))


def _scaled(values: pa.Array, faults: list[Fault], bare: NDArray[np.bool_], in_seconds: bool) -> Moments:
    if not in_seconds:
        return Moments(brought(values, faults), bare)
    counts, bad = cast_or_null(values, lambda part: pc.multiply_checked(part, _MICROSECONDS))
    return Moments(brought(counts, [*faults, Fault(bad, "the time is out of range")]), bare)


def _of_texts(texts: pa.Array, faults: list[Fault], column: Column, is_text: bool, in_seconds: bool) -> Moments:
    if (values := parsed(texts, column, pa.int64())) is not None:
        return _scaled(values, faults, ~values.is_null().to_numpy(zero_copy_only=False), in_seconds)
    texts = without_own_words(texts, column)
    if (plain := _of_plain_texts(texts, faults, column)) is not None:
        return plain
    cleaned = without_usual_words(pc.utf8_trim_whitespace(texts), is_text)
    there = ~cleaned.is_null().to_numpy(zero_copy_only=False)
    number = mask_of(pc.match_substring_regex(cleaned, _NUMBER))
    found = _of_number_texts(without(cleaned, ~number), faults, in_seconds)
    if number.sum() == there.sum():
        return found
    # Without the words and spaces before a zone, and without what lies below a microsecond.
    plain = pc.replace_substring_regex(without(cleaned, number), r" ?(UTC|GMT)$", "Z")
    plain = pc.replace_substring_regex(plain, r"([0-9]) (Z|[+-][0-9:]+)$", r"\1\2")
    plain = pc.replace_substring_regex(plain, r"(\.[0-9]{6})[0-9]+", r"\1")
    zoned, naive = (mask_of(pc.match_substring_regex(plain, pattern)) for pattern in (_ZONED, _NAIVE))
    with_zone, bad_zoned = cast_or_null(without(plain, ~zoned), lambda part: part.cast(pa.timestamp("us", _UTC)))
    without_zone, bad_naive = cast_or_null(without(plain, ~naive), lambda part: part.cast(pa.timestamp("us")))
    values = pc.coalesce(found.brought.values, with_zone.cast(pa.int64()), _in_utc(without_zone, column))
    bad = there & ~number & ~zoned & ~naive | bad_zoned | bad_naive
    times = brought(values, [*found.brought.faults, Fault(bad)])
    return Moments(times, found.bare, found.fractions, bool(naive.any()), bool(zoned.any()))


def _of_plain_texts(texts: pa.Array, faults: list[Fault], column: Column) -> Moments | None:
    """All times at once, where Arrow reads each as it stands and either all have a zone or none; else None.

    What it takes is a part of what the patterns do.
    """
    for zone in (None, _UTC):
        try:
            times = texts.cast(pa.timestamp("us", zone))
        except pa.ArrowInvalid:
            continue
        there = times.null_count < len(times)
        bare = np.zeros(len(texts), bool)
        values = brought(_in_utc(times, column), faults)
        return Moments(values, bare, naive=there and zone is None, zoned=there and zone is not None)
    return None


def _of_number_texts(texts: pa.Array, faults: list[Fault], in_seconds: bool) -> Moments:
    there = ~texts.is_null().to_numpy(zero_copy_only=False)
    digits = whole_texts(texts)
    whole = ~digits.is_null().to_numpy(zero_copy_only=False)
    counts, bad = cast_or_null(digits, lambda part: part.cast(pa.int64()))
    found = _scaled(counts, [*faults, Fault(bad)], there, in_seconds)
    if whole.sum() == there.sum():
        return found
    rest = without(texts, whole).cast(pa.float64())
    fractions = _of_floats(rest, [], np.inf, rest.type, in_seconds)
    values = pc.coalesce(found.brought.values, fractions.brought.values)
    both = Brought(values, (*found.brought.faults, *fractions.brought.faults))
    return Moments(both, there, fractions.fractions)
