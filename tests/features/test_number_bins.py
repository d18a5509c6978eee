"""Bins of numbers: where they begin, and how a value fills them."""

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tests.support.schema_of import schema_of
from tfelc.features.bin_edges import bin_edges
from tfelc.features.encoder import FeatureEncoder
from tfelc.features.fit import fit_features


def test_few_distinct_values_have_an_edge_each():
    assert bin_edges(np.array([3.0, 1.0, 1.0, 2.0]), bins=8) == (1.0, 2.0, 3.0)


def test_equal_values_have_no_bins():
    assert bin_edges(np.zeros(5), bins=8) == bin_edges(np.zeros(0), bins=8) == ()


def test_what_nine_in_ten_rows_share_leaves_the_bins_to_the_others():
    values = np.concatenate([np.zeros(900), np.arange(1, 101)])
    # A full bin of 125 rows for the zeros, and 100 others over the rest: 225 / 8 rows each.
    assert bin_edges(values, bins=8) == (0.0, 16.0, 44.0, 72.0, 100.0)


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=200), st.integers(1, 16))
def test_edges_ascend_from_the_least_to_the_largest(values, bins):
    edges = bin_edges(np.array(values), bins)
    assert len(edges) <= bins + 1
    assert all(low < high for low, high in zip(edges, edges[1:], strict=False))
    if edges:
        assert (edges[0], edges[-1]) == (min(values), max(values))


SCHEMA = schema_of(
    {
        "x": {"kind": "number", "role": "user"},
        "z": {"kind": "number", "role": "user", "transform": "log"},
    }
)
ROWS = pa.table({"x": [0.0, 10.0, 20.0, None], "z": [0.0, 0.0, np.expm1(2.0), np.expm1(4.0)]})


def test_the_encoder_sees_them_beside_the_number_after_its_transform():
    fitted = fit_features(SCHEMA, [ROWS], number_bins=8)
    np.testing.assert_allclose(fitted.numbers["x"].edges, [0, 10, 20])
    np.testing.assert_allclose(fitted.numbers["z"].edges, [0, 2, 4])
    encoder = FeatureEncoder(SCHEMA, fitted.numbers, {}, embedding_dim=4)
    encoder.build(None)
    values = np.array([[15.0, np.expm1(1.0)], [np.nan, np.expm1(9.0)], [-5.0, np.inf]], np.float32)
    found = encoder({"user_numbers": values})["user"].numpy()
    assert found.shape == (3, encoder.output_widths["user"])
    # Two numbers, a flag for each that was missing in training, and two bins each.
    np.testing.assert_allclose(found[:, -4:], [[1, 0.5, 0.5, 0], [0, 0, 1, 1], [0, 0, 0, 0]], atol=1e-6)


def test_without_bins_nothing_is_added():
    plain = fit_features(SCHEMA, [ROWS])
    assert plain.numbers["x"].edges == ()
    encoder = FeatureEncoder(SCHEMA, plain.numbers, {}, embedding_dim=4)
    encoder.build(None)
    assert encoder.output_widths == {"user": 3}


def test_rare_values_are_left_out_where_the_schema_does_not_say():
    columns = {name: {"kind": "category", "role": "user"} for name in ("a", "b", "c")}
    schema = schema_of(columns, tables={"b": {"min_count": 1}})
    values = ["u", "u", "u", "v", "v", "w"]
    rows = pa.table({"a": values, "b": values, "c": ["p", "q", "r", "s", "t", "t"]})
    found = fit_features(schema, [rows], min_count=3).vocabularies
    # Where no value is as frequent, the most frequent stay.
    assert found == {"a": ["u"], "b": ["u", "v", "w"], "c": ["t"]}
