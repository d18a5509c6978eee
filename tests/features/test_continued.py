"""Vocabularies and statistics that go on from day to day."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.support.schema_of import schema_of
from tfelc.core.errors import SchemaError
from tfelc.features.continued import Retention, VocabularyChange, continue_features
from tfelc.features.feature_counts import FeatureCounts
from tfelc.features.fit import count_rows, fit_features, fitted_to
from tfelc.features.fitted import FittedFeatures


def _schema(**table: Any) -> Any:
    columns: dict[str, dict[str, Any]] = {
        "c": {"kind": "category", "role": "item", "table": "c"},
        "x": {"kind": "number", "role": "user"},
    }
    return schema_of(columns, tables={"c": table})


def _rows(values: list[Any], numbers: list[Any] = [0.0]) -> Any:  # noqa: B006
    count = max(len(values), len(numbers))
    values, numbers = (part + [None] * (count - len(part)) for part in (values, numbers))
    return pa.table({"c": pa.array(values, pa.string()), "x": pa.array(numbers, pa.float32())})


def _days(schema: Any, days: list[Any], min_count: int = 1, **keep: Any) -> list[tuple[list[Any], Any]]:
    """The vocabulary after each day, and what the day did to it."""
    counted = count_rows(schema, [days[0]])
    fitted, counts = fitted_to(schema, counted, min_count), FeatureCounts.first(counted)
    found = [(fitted.vocabularies["c"], None)]
    for day in days[1:]:
        on = continue_features(schema, fitted, counts, count_rows(schema, [day]), min_count, Retention(**keep))
        fitted, counts = on.fitted, FeatureCounts.model_validate_json(on.counts.dump())
        found.append((fitted.vocabularies["c"], on.changes["c"]))
    return found


def test_a_rare_value_is_admitted_once_all_days_together_have_it_often_enough() -> None:
    days = [_rows([*"aab"]), _rows([*"cb"]), _rows([*"c"])]
    (first, _), (second, change), (third, last) = _days(_schema(min_count=2), days)
    assert first == ["a"] and second == ["a", "b"] and third == ["a", "b", "c"]
    assert change == VocabularyChange(kept=1, admitted=1, evicted=0, waiting=1)
    assert last == VocabularyChange(kept=2, admitted=1, evicted=0, waiting=0)


def test_a_value_is_forgotten_once_as_many_days_had_none_of_it() -> None:
    days = [_rows([*"aaab"]), _rows([*"b"]), _rows([*"b"]), _rows([*"ba"])]
    found = _days(_schema(), days, keep_days=2)
    assert [vocabulary for vocabulary, _ in found] == [["a", "b"], ["a", "b"], ["b"], ["b", "a"]]
    # Days 2 and 3 had no `a`; that of day 4 counts from 1 again.
    assert found[2][1].evicted == 1 and found[3][1].admitted == 1


def test_counts_fade_and_a_value_below_the_limit_goes() -> None:
    days = [_rows([*"aaaabb"]), _rows([*"b"]), _rows([*"b"])]
    found = _days(_schema(), days, count_decay=0.5, evict_below=1.5)
    # a: 4, 2, 1; b: 2, 2, 2.
    assert [vocabulary for vocabulary, _ in found] == [["a", "b"], ["a", "b"], ["b"]]
    assert found[2][1] == VocabularyChange(kept=1, admitted=0, evicted=1, waiting=1)


def test_the_least_frequent_go_where_the_schema_limits_the_size() -> None:
    found = _days(_schema(max_size=2), [_rows([*"aaabb"]), _rows([*"cccc"])])
    assert found[1][0] == ["c", "a"] and found[1][1].evicted == 1


def test_a_vocabulary_that_would_be_empty_is_refused() -> None:
    with pytest.raises(SchemaError, match="table `c`: no value would be left .* raise `warm_start.keep_days`"):
        _days(_schema(), [_rows([*"aa"]), _rows([])], keep_days=1)


def test_statistics_are_those_of_all_days_and_the_bins_stay() -> None:
    random = np.random.default_rng(0)
    days = [random.normal(mean, 2, count).tolist() for mean, count in ((0, 50), (9, 200), (-3, 7))]
    schema = _schema()
    counted = count_rows(schema, [_rows(["a"], days[0])], number_bins=4)
    fitted, counts = fitted_to(schema, counted), FeatureCounts.first(counted)
    edges = fitted.numbers["x"].edges
    for day in days[1:]:
        on = continue_features(schema, fitted, counts, count_rows(schema, [_rows(["a"], day)], 4), 1, Retention())
        fitted, counts = on.fitted, on.counts
    whole = fit_features(schema, [_rows(["a"], sum(days, []))]).numbers["x"]
    found = fitted.numbers["x"]
    assert found.mean == pytest.approx(whole.mean) and found.variance == pytest.approx(whole.variance)
    assert found.edges == edges and len(edges) == 5


def test_a_new_column_is_fitted_to_its_first_day() -> None:
    schema = _schema()
    counted = count_rows(schema, [_rows([*"ab"], [1.0, 3.0])])
    wider = schema_of(
        {**schema.model_dump(mode="json")["columns"], "d": {"kind": "category", "role": "item"}},
        tables={"c": {}},
    )
    rows = _rows([*"ab"], [1.0, 3.0]).append_column("d", pa.array(["u", "v"]))
    on = continue_features(
        wider, fitted_to(schema, counted), FeatureCounts.first(counted), count_rows(wider, [rows]), 1, Retention()
    )
    assert on.fitted.vocabularies["d"] == ["u", "v"] and list(on.changes) == ["c"]
    assert on.counts.tables["d"].seen == [2, 2]


def test_a_training_that_kept_no_counts_is_gone_on_from_all_the_same() -> None:
    schema = _schema(min_count=3)
    before = FittedFeatures(vocabularies={"c": ["a"]}, numbers=fit_features(_schema(), [_rows(["a"], [5.0])]).numbers)
    counts = FeatureCounts.unknown(before, {"c": 3})
    on = continue_features(schema, before, counts, count_rows(schema, [_rows([*"bb"], [9.0])]), 1, Retention())
    assert on.fitted.vocabularies["c"] == ["a"] and on.changes["c"].waiting == 1
    assert on.fitted.numbers["x"].mean == 5.0
