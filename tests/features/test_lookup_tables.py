"""Any table gives the tensors that its rows give in the graph, however it lies in Arrow's memory."""

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.every_kind import every_kind_rows, every_kind_schema
from tests.support.schema_of import schema_of
from tfelc.core.errors import SchemaError
from tfelc.data.number_values import number_values
from tfelc.features.fit import fit_features
from tfelc.features.fitted import FittedFeatures
from tfelc.features.layout import Layout
from tfelc.features.lookup import FeatureLookup
from tfelc.layers.hashed_rows import HASHED_IDS
from tfelc.schema.schema import Schema


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
            if table in layout.hashed_ids:
                # Values have ids above all rows; a missing one has the first row, as in any table.
                begin = layout.hashed_ids[table]
                ids = np.where(ids >= begin, first + 1 + (ids - begin) // HASHED_IDS, ids)
            assert ids.min() >= first and ids.max() < first + rows[table], name


def test_no_more_tables_of_several_functions_than_ids_tell_apart() -> None:
    columns = {f"c{number}": {"kind": "category", "role": "user"} for number in range(4)}
    tables = {name: {"hash_buckets": 9, "hash_functions": 2} for name in columns}
    schema = schema_of(columns, tables=tables)
    with pytest.raises(SchemaError, match="table `c3` is one too many with `hash_functions` .* 8 wide: there can be 3"):
        Layout.of(schema, dict.fromkeys(columns, 10), 8)
    wide = schema_of(columns, tables={**tables, "c3": {**tables["c3"], "dim": 4}})
    found = Layout.of(wide, dict.fromkeys(columns, 10), 8).hashed_ids
    # The ids of values begin above the rows of their width, and take 2**29 each.
    assert found == {"c0": 30, "c1": 30 + 2**29, "c2": 30 + 2**30, "c3": 10}


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


SHARED = schema_of(
    {
        "age": {"kind": "number", "role": "user", "buckets": 4, "transform": "log"},
        "city": {"kind": "category", "role": "user", "default": "none"},
        "name": {"kind": "category", "role": "user", "table": "hashed"},
        "codes": {"kind": "list", "role": "user", "type": "integer", "table": "codes", "max_length": 2},
        "words": {"kind": "list", "role": "item", "table": "hashed", "max_length": 3},
        "code": {"kind": "category", "role": "item", "type": "integer", "table": "codes"},
        "nick": {"kind": "category", "role": "user", "table": "twice"},
        "tags": {"kind": "list", "role": "item", "table": "twice", "max_length": 3},
    },
    tables={
        "hashed": {"hash_buckets": 7, "dim": 3},
        "twice": {"hash_buckets": 5, "hash_functions": 2, "dim": 3},
        "codes": {"values": [5, -3, 0]},
    },
)
_STRINGS = st.none() | st.sampled_from(["", "none", "Oslo", "Ulm", "\u96ea", "[UNK]"])
_INTEGERS = st.none() | st.sampled_from([-1, 5, -3, 0, 2**63 - 1, -(2**63)])
_COLUMNS = {
    "age": (pa.float32(), st.none() | st.floats(width=32)),
    "city": (pa.string(), _STRINGS),
    "name": (pa.string(), _STRINGS),
    "codes": (pa.list_(pa.int64()), st.none() | st.lists(_INTEGERS, max_size=5)),
    "words": (pa.list_(pa.string()), st.none() | st.lists(_STRINGS, max_size=5)),
    "code": (pa.int64(), _INTEGERS),
    "nick": (pa.string(), _STRINGS),
    "tags": (pa.list_(pa.string()), st.none() | st.lists(_STRINGS, max_size=5)),
}


@pytest.fixture(scope="module")
def shared() -> FeatureLookup:
    table = pa.table({"age": [1.0, 20, 40, 80], "city": ["Oslo", "Ulm", "", "Ulm"]})
    content = SHARED.model_dump(mode="json")
    content["columns"] = {name: content["columns"][name] for name in ("y", "age", "city")}
    fitted = fit_features(Schema.model_validate({**content, "tables": {}}), [table])
    return _lookup(SHARED, fitted.model_copy(update={"vocabularies": {**fitted.vocabularies, "codes": [5, -3, 0]}}))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.fixed_dictionaries({name: values for name, (_, values) in _COLUMNS.items()}), max_size=4))
def test_a_table_gives_what_its_rows_give_in_the_graph(shared: FeatureLookup, rows: list[dict[str, Any]]) -> None:
    table = pa.table({name: pa.array([row[name] for row in rows], kind) for name, (kind, _) in _COLUMNS.items()})
    found = shared.encode(table)
    in_graph = shared({name: _tensor(name, [row[name] for row in rows]) for name in _COLUMNS})
    assert set(found) == set(in_graph)
    paddings = {feature.key: feature.offset for side in shared.layout.sides.values() for feature in side.lists}
    for key, values in found.items():
        expected = in_graph[key].numpy()
        assert values.dtype == expected.dtype
        if key in paddings:
            kept = [[[i for i in row if i != paddings[key]] for row in ids.tolist()] for ids in (values, expected)]
            assert kept[0] == kept[1]
        else:
            np.testing.assert_array_equal(values, expected, err_msg=key)


def _tensor(name: str, values: list[Any]) -> tf.Tensor:
    """The values as a client sends them, lists padded at their end."""
    column = SHARED.columns[name]
    if column.kind == "number":
        return tf.constant([float("nan") if value is None else value for value in values], tf.float32)
    dtype = tf.string if column.value_type == "string" else tf.int64
    if column.kind == "category":
        return tf.constant([column.missing if value is None else value for value in values], dtype)
    lists = [[column.missing if each is None else each for each in value or []] for value in values]
    width = max(map(len, lists), default=0)
    padded = [each + [column.missing] * (width - len(each)) for each in lists]
    return tf.constant(padded, dtype, shape=(len(lists), width))


def test_a_vocabulary_takes_as_much_memory_as_its_texts() -> None:
    schema = schema_of({"item": {"kind": "category", "role": "item"}})
    known = [*(f"https://shop.example/p/{number}" for number in range(5_000)), "x" * 60_000]
    fitted = FittedFeatures(vocabularies={"item": known}, numbers={})
    tracemalloc.start()
    ids = _lookup(schema, fitted).encode(pa.table({"item": [known[0], known[-1], "?", None]}))["item_ids_8"]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert ids[:, 0].tolist() == [2, 5002, 1, 0]
    assert peak < 50e6  # 5,000 texts as wide as the longest would take 1.2 GB
