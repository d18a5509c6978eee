"""One table gives the same tensors however it lies in Arrow's memory."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf

from tests.support.every_kind import every_kind_rows, every_kind_schema
from tests.support.schema_of import schema_of
from tfelc.features.fit import fit_features
from tfelc.features.fitted import FittedFeatures
from tfelc.features.layout import Layout
from tfelc.features.lookup import FeatureLookup, number_values
from tfelc.schema import Schema


def _lookup(schema: Schema, fitted: FittedFeatures) -> FeatureLookup:
    return FeatureLookup(schema, fitted, Layout.of(schema, fitted.table_rows(schema), 8))


@pytest.fixture(scope="module")
def lookup() -> FeatureLookup:
    schema = every_kind_schema()
    # Fitted on fewer rows than are looked up: some values are unknown.
    return _lookup(schema, fit_features(schema, [every_kind_rows(60, 0)]))


ROWS = every_kind_rows(300, 1)


def _dictionaries(table: pa.Table) -> pa.Table:
    def encoded(column: pa.ChunkedArray) -> Any:
        if pa.types.is_list(column.type):
            lists = column.combine_chunks()
            return pa.ListArray.from_arrays(lists.offsets, lists.values.dictionary_encode())
        return column if pa.types.is_floating(column.type) else column.dictionary_encode()

    return pa.table({name: encoded(table[name]) for name in table.column_names})


@pytest.mark.parametrize(
    "laid_out",
    [
        _dictionaries,
        lambda table: pa.concat_tables([table.slice(0, 7), table.slice(7, 0), table.slice(7)]),
        lambda table: pa.concat_tables([_dictionaries(table.slice(0, 100)), _dictionaries(table.slice(100))]),
        lambda table: pa.concat_tables([table.slice(200), table]).slice(100),
        lambda table: _dictionaries(pa.concat_tables([table.slice(200), table])).slice(100),
    ],
    ids=["dictionaries", "chunks", "chunks of dictionaries", "slice", "slice of dictionaries"],
)
def test_layouts_of_one_table(lookup: FeatureLookup, laid_out: Callable[[pa.Table], pa.Table]) -> None:
    expected = lookup.encode(ROWS)
    found = lookup.encode(laid_out(ROWS))
    assert list(found) == list(expected)
    for key, values in expected.items():
        np.testing.assert_array_equal(found[key], values, err_msg=key)


@pytest.mark.parametrize("rows", [0, 1, 300])
def test_tensors_are_as_announced(lookup: FeatureLookup, rows: int) -> None:
    found = lookup.encode(ROWS.slice(0, rows))
    specs = lookup.specs()
    assert set(found) == set(specs)
    for key, spec in specs.items():
        assert spec.is_compatible_with(tf.constant(found[key])), key
        assert len(found[key]) == rows


def test_ids_stay_within_their_tables(lookup: FeatureLookup) -> None:
    found = lookup.encode(ROWS)
    layout = lookup.layout
    fitted = fit_features(lookup.schema, [every_kind_rows(60, 0)])
    rows = fitted.table_rows(lookup.schema)
    for side in layout.sides.values():
        columns = {n: found[side.ids_key(d)][:, i] for d, names in side.ids.items() for i, n in enumerate(names)}
        columns |= {feature.column: found[feature.key] for feature in side.lists}
        for name, ids in columns.items():
            table = lookup.schema.table_of(name)[0]
            first = layout.offsets[table][1]
            assert ids.min() >= first and ids.max() < first + rows[table], name


def test_as_many_values_as_a_small_index_can_name() -> None:
    schema = schema_of({"city": {"kind": "category", "role": "user"}})
    cities = [f"city {number:03}" for number in range(128)]
    lookup = _lookup(schema, FittedFeatures(vocabularies={"city": cities}, numbers={}))
    column = pa.array([*cities, None]).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string()))
    ids = lookup.encode(pa.table({"city": column}))["user_ids_8"]
    np.testing.assert_array_equal(ids[:, 0], [*range(2, 130), 0])


def test_numbers_of_any_type_are_float32() -> None:
    for values, expected in (
        (pa.array([1, None, 2**24 + 1, -(2**62)]), [1, np.nan, 2**24, -(2.0**62)]),
        (pa.array([0.1, None, 1e300]), [np.float32(0.1), np.nan, np.inf]),
        (pa.array([True, None, False]), [1, np.nan, 0]),
        (pa.array([], pa.int8()), []),
    ):
        found = number_values(pa.chunked_array([values]))
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, np.array(expected, np.float32))
