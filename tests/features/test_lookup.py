"""The look-up's two ways in: tensors inside the exported graph, Arrow tables while training."""

import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.every_kind import every_kind_rows, every_kind_schema
from tfelc.features.fitted import FittedFeatures, NumberStatistics
from tfelc.features.layout import Layout
from tfelc.features.lookup import MISSING_INTEGER, FeatureLookup
from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.ranker.export.requests import request_inputs
from tfelc.ranker.export.sample_rows import hard_rows, plain
from tfelc.schema.schema import Schema

SMALL = Schema.parse(
    {
        "name": "small",
        "columns": {
            "clicked": {"kind": "label"},
            "age": {"kind": "number", "role": "user", "type": "integer", "buckets": 3},
            "seen": {"kind": "list", "role": "user", "table": "film", "max_length": 3},
            "film": {"kind": "category", "role": "item", "table": "film"},
            "shelf": {"kind": "category", "role": "item", "type": "integer", "default": 0},
        },
        "tables": {"film": {}},
        "tasks": {"click": {"label": "clicked"}},
    },
    "small",
)
# Rows of the fused table: age 0 (missing), 1 to 3; film 4 (missing), 5 (unknown), 6 "a", 7 "b", 8 "c"; shelf 9
# (missing), 10 (unknown), 11 and 12.
FILM = 4


@pytest.fixture(scope="module")
def small():
    statistics = NumberStatistics(mean=0, variance=1, missing=True, boundaries=(18.0, 40.0))
    fitted = FittedFeatures(vocabularies={"film": ["a", "b", "c"], "shelf": [-7, 3]}, numbers={"age": statistics})
    return FeatureLookup(SMALL, fitted, Layout.of(SMALL, fitted.table_rows(SMALL), 8))


@pytest.fixture(scope="module")
def every_kind(untrained_run):
    return untrained_run.model().lookup


def in_graph(lookup, inputs):
    """Called as in an exported graph: traced with unknown sizes."""
    specs = {name: tf.TensorSpec([None] * array.ndim, tf.as_dtype(array.dtype)) for name, array in inputs.items()}
    traced = tf.function(lambda tensors: lookup(tensors), input_signature=[specs])
    found = traced({name: tf.constant(array) for name, array in inputs.items()})
    return {key: tensor.numpy() for key, tensor in found.items()}


def strings(*values):
    return np.array([[each.encode() for each in v] if isinstance(v, list) else v.encode() for v in values], object)


def test_ids_by_hand(small):
    found = in_graph(
        small,
        {
            "age": np.array([17, 18, 40, MISSING_INTEGER]),
            "seen": strings(["", "b", ""], ["a", "?", "c"], ["", "", ""], ["c", "", "a"]),
            "film": strings("a", "", "c", "zebra"),
            "shelf": np.array([3, 0, -7, 2**63 - 1]),
        },
    )
    np.testing.assert_array_equal(found["user_numbers"], np.array([[17], [18], [40], [np.nan]], np.float32))
    assert found["user_ids_8"].tolist() == [[1], [2], [3], [0]]
    assert found["user_list_seen"].tolist() == [[4, 7, 4], [6, 5, 8], [4, 4, 4], [8, 4, 6]]
    assert found["item_ids_8"].tolist() == [[6, 12], [4, 9], [8, 11], [5, 10]]


def test_the_same_ids_from_a_table(small):
    table = pa.table(
        {
            "age": pa.array([17.0, 18.0, 40.0, None], pa.float32()),
            "seen": [["b"], ["x", "a", "?", "c"], [], ["c", "", "a", ""]],
            "film": ["a", None, "c", "zebra"],
            "shelf": pa.array([3, None, -7, 2**63 - 1]),
        }
    )
    found = small.encode(table)
    assert found["user_ids_8"].tolist() == [[1], [2], [3], [0]]
    assert found["user_list_seen"].tolist() == [[7, 4, 4], [6, 5, 8], [4, 4, 4], [8, 6, 4]]
    assert found["item_ids_8"].tolist() == [[6, 12], [4, 9], [8, 11], [5, 10]]


def test_only_the_sides_that_are_given_are_encoded(small):
    found = in_graph(small, {"film": strings("a"), "shelf": np.array([3])})
    assert set(found) == {"item_ids_8"}


@pytest.mark.parametrize("width", [0, 1, 3, 7])
def test_lists_of_any_width(small, width):
    inputs = {"age": np.array([20, 20]), "seen": strings(["a"] * width, ["b"] * width).reshape(2, width)}
    ids = in_graph(small, inputs)["user_list_seen"]
    assert ids.tolist() == [[6] * min(width, 3), [7] * min(width, 3)]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["a", "b", "c", "", "?", "\u96ea"]), max_size=9), min_size=1, max_size=4))
def test_holes_and_padding_count_for_nothing_wherever_they_stand(small, lists):
    width = max(map(len, lists))
    ends = [row + [""] * (width - len(row)) for row in lists]
    starts = [[""] * (width - len(row)) + row for row in lists]
    ids = {"a": FILM + 2, "b": FILM + 3, "c": FILM + 4}
    wanted = [[ids.get(value, FILM + 1) for value in row if value][-3:] for row in lists]
    table = pa.table({"seen": pa.array(lists, pa.list_(pa.string()))})
    feature = small.layout.sides["user"].lists[0]
    found = [small._list_ids(feature, table["seen"])]
    for padded in (ends, starts):
        inputs = {"age": np.zeros(len(lists), np.int64), "seen": strings(*padded).reshape(len(lists), width)}
        found.append(small({name: tf.constant(array) for name, array in inputs.items()})["user_list_seen"].numpy())
    for answer in found:
        assert [[each for each in row if each != FILM] for row in answer.tolist()] == wanted


def test_both_ways_in_agree_on_every_kind_of_column(every_kind, untrained_run):
    schema = every_kind_schema()
    rows = pa.concat_tables([plain(every_kind_rows(200, 9), schema), hard_rows(schema, untrained_run.fitted)])
    graph = in_graph(every_kind, request_inputs(schema, SERVING_DEFAULT, rows))
    table = every_kind.encode(rows)
    assert set(graph) == set(table)
    lists = {feature.key: feature for side in every_kind.layout.sides.values() for feature in side.lists}
    for key, expected in table.items():
        if key in lists:
            padding = lists[key].offset
            values = [[[i for i in row if i != padding] for row in ids.tolist()] for ids in (graph[key], expected)]
            assert values[0] == values[1]
            assert any(values[0])
        else:
            np.testing.assert_array_equal(graph[key], expected, err_msg=key)
            assert len(np.unique(expected)) > 3
