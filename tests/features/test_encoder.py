from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import tree

from tests.layers.layer_check import check_layer
from tests.support.every_kind import every_kind_rows, every_kind_schema
from tests.support.schema_of import schema_of
from tfelc.features.encoder import FeatureEncoder
from tfelc.features.fit import fit_features
from tfelc.features.fitted import NumberStatistics
from tfelc.features.layout import Layout
from tfelc.features.lookup import FeatureLookup

NAN, INF = float("nan"), float("inf")


def _encoded(values: Any, column: dict[str, Any], **statistics: Any) -> Any:
    """The features of one number column, `(values, 1)` or, with a missing flag, `(values, 2)`."""
    schema = schema_of({"x": {"kind": "number", "role": "item", **column}})
    fitted = NumberStatistics(**{"mean": 3.0, "variance": 4.0, "missing": False} | statistics)
    encoder = FeatureEncoder(schema, {"x": fitted}, {}, embedding_dim=4)
    return np.array(encoder({"item_numbers": np.array(values, "float32")[:, None]})["item"])


def _histories(**kwargs: Any) -> FeatureEncoder:
    """A history and a candidate that share a table, whose row `i` is (i, 10 i)."""
    columns = {
        "age": {"kind": "number", "role": "user"},
        "seen": {"kind": "list", "role": "user", "table": "video", "max_length": 3},
        "video": {"kind": "category", "role": "item", "table": "video"},
    }
    schema = schema_of(columns, tables={"video": {}})
    numbers = {"age": NumberStatistics(mean=0, variance=1, missing=False)}
    encoder = FeatureEncoder(schema, numbers, {"video": 6}, embedding_dim=2, **kwargs)
    encoder.build(None)
    encoder.tables[2].embeddings.assign([[row, 10 * row] for row in range(6)])
    return encoder


HISTORIES = {
    "user_numbers": np.array([[0.5], [2]], "float32"),
    "user_list_seen": np.array([[2, 0, 5], [0, 0, 0]]),
    "item_ids_2": np.array([[4], [3]]),
}


def test_keeps_the_habits_of_a_layer() -> None:
    schema, table = every_kind_schema(), every_kind_rows(200, 0)
    fitted = fit_features(schema, [table])
    rows = fitted.table_rows(schema)
    inputs = FeatureLookup(schema, fitted, Layout.of(schema, rows, 8)).encode(table.slice(0, 40))
    check_layer(
        FeatureEncoder,
        {"schema": schema, "numbers": fitted.numbers, "table_rows": rows, "embedding_dim": 8, "interactions": True},
        inputs,
        # user, city and the history; two numbers with their missing flags, the level and the buckets of the visits;
        # the product, the tags and the price with its flag; the hour and the day.
        {"user": (40, 24), "activity": (40, 20), "item": (40, 14), "context": (40, 9), "interaction": (40, 8)},
        expected_trainable_count=2,
    )


def test_numbers_are_standardized() -> None:
    np.testing.assert_allclose(_encoded([3, 5, -1], {}), [[0], [1], [-2]], rtol=1e-6)
    np.testing.assert_allclose(_encoded([3, 5, -1], {"transform": "none"}), [[3], [5], [-1]], rtol=1e-6)
    # log(1 + |x|) with the sign of x: 1, -2 and 0, then from a mean of 3 in units of 2.
    values = [np.e - 1, 1 - np.e**2, 0]
    np.testing.assert_allclose(_encoded(values, {"transform": "log"}), [[-1], [-2.5], [-1.5]], rtol=1e-5)


def test_what_is_standardized_is_cut_off_far_out() -> None:
    np.testing.assert_allclose(_encoded([1e30, -1e30, 23, 22], {}), [[10], [-10], [10], [9.5]], rtol=1e-6)
    far = _encoded([1e38, -1e38], {"transform": "log"}, mean=0, variance=1)
    np.testing.assert_allclose(far, [[10], [-10]])
    # A number taken as it is has no standard deviation to go by.
    np.testing.assert_array_equal(_encoded([1e9, -250], {"transform": "none"}), [[1e9], [-250]])


@pytest.mark.parametrize("absent", [NAN, INF, -INF])
@pytest.mark.parametrize(
    ("column", "expected"),
    [
        # The training mean, which is 0 once standardized.
        ({}, 0),
        ({"transform": "log"}, 0),
        ({"transform": "none"}, 3),
        # The default goes the way of any other value.
        ({"default": 7}, 2),
        ({"default": np.e - 1, "transform": "log"}, -1),
        ({"default": -5, "transform": "none"}, -5),
    ],
)
def test_what_a_missing_number_becomes(absent: float, column: dict[str, Any], expected: float) -> None:
    np.testing.assert_allclose(_encoded([absent], column), [[expected]], rtol=1e-6, atol=1e-7)


def test_a_flag_where_the_training_split_had_missing_values() -> None:
    np.testing.assert_allclose(_encoded([NAN, 5], {"default": 1}, missing=True), [[-1, 1], [1, 0]])
    columns = {name: {"kind": "number", "role": "user"} for name in ("a", "b", "c")}
    numbers = {name: NumberStatistics(mean=0, variance=1, missing=name != "b") for name in columns}
    encoder = FeatureEncoder(schema_of(columns), numbers, {}, 4)
    found = encoder({"user_numbers": np.array([[NAN, 1, 2], [1, NAN, NAN]], "float32")})["user"]
    np.testing.assert_array_equal(found, [[0, 1, 2, 1, 0], [1, 0, 0, 0, 1]])


def test_a_constant_column_stays_at_zero() -> None:
    np.testing.assert_array_equal(_encoded([1e6, 1e6, NAN], {}, mean=1e6, variance=1), [[0], [0], [0]])


def test_numbers_keep_their_differences_far_from_zero() -> None:
    # Seconds since 1970 over some days, as float32 holds them.
    seconds = (1.65e9 + np.arange(0, 400_000, 1000)).astype("float32")
    exact = seconds.astype("float64")
    found = _encoded(seconds, {}, mean=exact.mean(), variance=exact.var())
    np.testing.assert_allclose(found[:, 0], (exact - exact.mean()) / exact.std(), atol=2e-3)


def test_the_gradient_is_a_number_where_the_input_is_none() -> None:
    columns = {
        "a": {"kind": "number", "role": "user", "transform": "log"},
        "b": {"kind": "number", "role": "user", "default": 2},
        "c": {"kind": "number", "role": "user", "transform": "none"},
    }
    numbers = {name: NumberStatistics(mean=1, variance=4, missing=True) for name in columns}
    encoder = FeatureEncoder(schema_of(columns), numbers, {}, 4)
    inputs = tf.Variable([[NAN, NAN, INF], [-1.0, 5, 3], [0.0, -INF, NAN]])
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(encoder({"user_numbers": inputs})["user"])
    # d/dx log(1 + |x|) is 1/2 at -1, and all but the last is divided by 2.
    gradient = np.array(tape.gradient(total, inputs))
    np.testing.assert_allclose(gradient[1], [0.25, 0.5, 1])
    np.testing.assert_array_equal(gradient[0], 0)
    assert np.all(np.isfinite(gradient))


def test_sides_and_their_interaction_by_hand() -> None:
    outputs = _histories()(HISTORIES)
    assert list(outputs) == ["user", "item", "interaction"]
    # The history is the mean of rows 2 and 5, or nothing.
    np.testing.assert_allclose(outputs["user"], [[0.5, 3.5, 35], [2, 0, 0]])
    np.testing.assert_allclose(outputs["item"], [[4, 40], [3, 30]])
    np.testing.assert_allclose(outputs["interaction"], [[14, 1400], [0, 0]])
    assert "interaction" not in _histories(interactions=False)(HISTORIES)


def test_one_users_history_meets_every_item() -> None:
    inputs = {key: value[:1] if key.startswith("user") else value for key, value in HISTORIES.items()}
    outputs = _histories()(inputs)
    assert outputs["user"].shape == (1, 3)
    np.testing.assert_allclose(outputs["interaction"], [[14, 1400], [10.5, 1050]])


def test_dropout_acts_on_embeddings_in_training_alone() -> None:
    keras.utils.set_random_seed(0)
    encoder = _histories(dropout=0.5)
    inputs = {key: np.repeat(value[:1], 500, axis=0) for key, value in HISTORIES.items()}
    np.testing.assert_allclose(encoder(inputs)["item"][0], [4, 40])
    outputs = tree.map_structure(np.array, encoder(inputs, training=True))
    np.testing.assert_array_equal(outputs["user"][:, 0], 0.5)
    for values in (outputs["user"][:, 1:], outputs["item"]):
        assert 0.4 < (values == 0).mean() < 0.6
    assert set(np.unique(outputs["item"][:, 0])) == {0, 8}
    # The interaction is of what the sides see.
    np.testing.assert_array_equal(outputs["interaction"], outputs["user"][:, 1:] * outputs["item"])


def test_columns_of_several_widths() -> None:
    columns = {
        "a": {"kind": "category", "role": "item", "table": "wide"},
        "b": {"kind": "category", "role": "item"},
        "c": {"kind": "category", "role": "item", "table": "wide"},
        "d": {"kind": "list", "role": "item", "table": "wide"},
    }
    schema = schema_of(columns, tables={"wide": {"dim": 2}})
    encoder = FeatureEncoder(schema, {}, {"wide": 3, "b": 2}, embedding_dim=1)
    encoder.build(None)
    encoder.tables[2].embeddings.assign([[1, 2], [3, 4], [5, 6]])
    encoder.tables[1].embeddings.assign([[7], [8]])
    inputs = {"item_ids_2": [[1, 2]], "item_ids_1": [[1]], "item_list_d": [[0, 1, 2]]}
    outputs = encoder({key: np.array(value) for key, value in inputs.items()})
    np.testing.assert_allclose(outputs["item"], [[3, 4, 5, 6, 8, 4, 5]])
