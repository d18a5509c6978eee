from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.schema_of import schema_of
from tfelc.core.errors import SchemaError
from tfelc.features.fit import fit_features
from tfelc.features.fitted import NumberStatistics


def _vocabulary(values: Any, column: dict[str, Any] | None = None, **table: Any) -> Any:
    of_column = {"kind": "category", "role": "user", "table": "c"} | (column or {})
    schema = schema_of({"c": of_column}, tables={"c": table})
    return fit_features(schema, [pa.table({"c": pa.array(part)}) for part in values]).vocabularies["c"]


def _numbers(*parts: Any, **column: Any) -> NumberStatistics:
    schema = schema_of({"x": {"kind": "number", "role": "user", **column}})
    return fit_features(schema, [pa.table({"x": pa.array(part, pa.float32())}) for part in parts]).numbers["x"]


def test_the_most_frequent_values_come_first_and_ties_go_by_value() -> None:
    parts = [["b", "c", "a", "d"], ["d", "c", "e", "d"]]
    assert _vocabulary(parts) == ["d", "c", "a", "b", "e"]
    assert _vocabulary([part[::-1] for part in parts[::-1]]) == ["d", "c", "a", "b", "e"]
    # Integers by their number, not by their digits.
    assert _vocabulary([[10, 9, 7, 7]], {"type": "integer"}) == [7, 9, 10]


def test_rare_values_and_those_beyond_the_largest_size_are_left_out() -> None:
    parts = [["a", "b", "b", "c"], ["c", "c", "d", "d", "e"]]
    assert _vocabulary(parts, min_count=2) == ["c", "b", "d"]
    assert _vocabulary(parts, max_size=2) == ["c", "b"]
    assert _vocabulary(parts, max_size=9, min_count=3) == ["c"]


def test_missing_values_are_in_no_vocabulary() -> None:
    assert _vocabulary([["", None, "x", "", None]]) == ["x"]
    assert _vocabulary([["", None, "none", "none"]], {"default": "none"}) == [""]
    assert _vocabulary([[-1, None, 0, -2]], {"type": "integer"}) == [-2, 0]
    assert _vocabulary([[0, None, -1]], {"type": "integer", "default": 0}) == [-1]
    lists = pa.array([["a", "", None], None, [], ["b", "a"]])
    assert _vocabulary([lists], {"kind": "list"}) == ["a", "b"]


def test_a_table_counts_all_the_columns_that_share_it() -> None:
    columns = {
        "seen": {"kind": "list", "role": "user", "type": "integer", "table": "video"},
        "video": {"kind": "category", "role": "item", "type": "integer", "table": "video"},
    }
    table = pa.table({"video": [5, 6, 6, 9], "seen": [[9], [9, 5], None, [7, 9, 7, 7, 7]]})
    schema = schema_of(columns, tables={"video": {}})
    assert fit_features(schema, [table]).vocabularies == {"video": [7, 9, 5, 6]}


def test_dictionaries_and_slices_count_what_they_show() -> None:
    column = pa.array(["x", "x", "x", "a", "b", "b", None, "y", "y", "y"])
    lists = pa.array([["x", "x"], ["a"], ["b", "b"], ["y"] * 9])
    assert _vocabulary([column.slice(3, 4)]) == ["b", "a"]
    assert _vocabulary([column.dictionary_encode().slice(3, 4)]) == ["b", "a"]
    assert _vocabulary([lists.slice(1, 2)], {"kind": "list"}) == ["b", "a"]


def test_values_by_hand_and_hashing_fit_nothing() -> None:
    columns = {
        "day": {"kind": "category", "role": "context", "table": "days"},
        "user": {"kind": "category", "role": "user", "table": "users"},
    }
    schema = schema_of(columns, tables={"days": {"values": ["sun", "mon"]}, "users": {"hash_buckets": 3}})
    fitted = fit_features(schema, [pa.table({"day": ["tue", "mon"], "user": ["a", "b"]})])
    assert fitted.vocabularies == {"days": ["sun", "mon"]}


@pytest.mark.parametrize("part", [[None, ""], []])
def test_an_empty_vocabulary_is_refused(part: list[Any]) -> None:
    with pytest.raises(SchemaError, match="^`c`: empty in every row of the training split; take it out"):
        _vocabulary([pa.array(part, pa.string())])
    with pytest.raises(SchemaError, match="table `c` of `c`: no value occurs 3 times .* lower its `min_count`"):
        _vocabulary([["a", "a"]], min_count=3)


def test_tables_are_read_once_in_order() -> None:
    read = []

    def tables() -> Iterator[pa.Table]:
        for number in range(3):
            read.append(number)
            yield pa.table({"c": [f"v{number}"], "x": [float(number)]})

    schema = schema_of({"c": {"kind": "category", "role": "user"}, "x": {"kind": "number", "role": "user"}})
    fitted = fit_features(schema, tables())
    assert read == [0, 1, 2]
    assert fitted.vocabularies == {"c": ["v0", "v1", "v2"]} and fitted.numbers["x"].mean == 1


def test_statistics_by_hand() -> None:
    assert _numbers([1.0, None, 3.0], [float("nan"), 5.0]) == NumberStatistics(mean=3, variance=8 / 3, missing=True)
    assert _numbers([1.0, 3.0]) == NumberStatistics(mean=2, variance=1, missing=False)
    # What is no number is as good as missing.
    assert _numbers([1.0, float("inf"), 3.0]) == NumberStatistics(mean=2, variance=1, missing=True)
    # Sign times log(1 + |x|).
    found = _numbers([0, np.e - 1, 1 - np.e], transform="log")
    assert found.mean == pytest.approx(0, abs=1e-7) and found.variance == pytest.approx(2 / 3)
    assert _numbers([3.0, 5.0], transform="none") == NumberStatistics(mean=4, variance=1, missing=False)


@pytest.mark.parametrize("parts", [[], [[]], [[None, None]]])
def test_a_number_that_is_never_there(parts: list[Any]) -> None:
    found = _numbers(*parts, buckets=4)
    assert (found.mean, found.variance) == (0, 1)
    assert found.missing == any(parts)


@pytest.mark.parametrize("value", [0.0, 7.0, -3e7, 0.1, 1e30])
def test_a_constant_has_a_variance_of_one(value: float) -> None:
    found = _numbers([value] * 1000, [value] * 77, buckets=3)
    assert found.mean == pytest.approx(np.float32(value), rel=1e-12)
    assert found.variance == 1
    assert len(found.boundaries) == 1


@settings(max_examples=50, deadline=None)
@given(
    offset=st.sampled_from([0, 1, -1e4, 1e6, 1.6e9]),
    scale=st.sampled_from([1e-3, 1.0, 1e3, 1e5]),
    cuts=st.lists(st.integers(0, 2000), max_size=30),
    seed=st.integers(0, 1000),
)
def test_running_statistics_are_those_of_all_the_rows(offset: float, scale: float, cuts: list[int], seed: int) -> None:
    values = (offset + scale * np.random.default_rng(seed).normal(size=2000)).astype("float32")
    found = _numbers(*np.split(values, sorted(cuts)))
    exact = values.astype("float64")
    assert found.mean == pytest.approx(exact.mean(), rel=1e-12, abs=1e-12)
    if exact.std() > 1e-5 * abs(exact.mean()):
        assert found.variance == pytest.approx(exact.var(), rel=1e-7)
    assert not found.missing


def test_boundaries_are_quantiles_on_the_raw_scale() -> None:
    values = np.random.default_rng(0).exponential(size=1001).astype("float32")
    expected = tuple(np.quantile(values.astype("float64"), [0.25, 0.5, 0.75]))
    for transform in ("standardize", "log"):
        with_holes = [*values[:500], None], [*values[500:], float("nan")]
        assert _numbers(*with_holes, buckets=4, transform=transform).boundaries == pytest.approx(expected, rel=1e-12)
    assert _numbers(values).boundaries == ()
    assert _numbers(values, buckets=1).boundaries == ()
    # Values that repeat share a bucket.
    assert _numbers([0] * 97 + [1, 2, 3], buckets=10).boundaries == (0.0,)


def test_boundaries_of_many_rows_come_from_a_fair_sample() -> None:
    # Three rows a request, in the order of their places: every third row alone would be all of one place.
    places = np.tile([1, 2, 3], 22_000)
    assert _numbers(places, buckets=2).boundaries == (2,)
    values = np.random.default_rng(0).permutation(65_536)
    assert _numbers(values, buckets=4).boundaries == pytest.approx((16384, 32768, 49152), rel=0.05)
