import numpy as np
import pytest
import tensorflow as tf

from tests.support.every_kind import every_kind_rows, every_kind_schema
from tfelc.features.lookup import MISSING_INTEGER
from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.ranker.export.example_format import parse_examples, write_examples
from tfelc.ranker.export.requests import request_inputs
from tfelc.ranker.export.sample_rows import plain

SCHEMA = every_kind_schema()


def parse(*features):
    records = [
        tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString() for feature in features
    ]
    return {name: tensor.numpy() for name, tensor in parse_examples(SCHEMA, tf.constant(records, tf.string)).items()}


def of(kind, *values):
    return tf.train.Feature(**{f"{kind}_list": getattr(tf.train, f"{kind.capitalize()}List")(value=values)})


def test_a_written_row_is_read_back():
    columns = request_inputs(SCHEMA, SERVING_DEFAULT, plain(every_kind_rows(50, 3), SCHEMA))
    records = write_examples(SCHEMA, columns)
    assert records.shape == (50,)
    found = parse_examples(SCHEMA, tf.constant(records, tf.string))
    for name, array in columns.items():
        np.testing.assert_array_equal(found[name].numpy(), array, err_msg=name)


@pytest.mark.parametrize("absent", [{}, {name: tf.train.Feature() for name in SCHEMA.features}])
def test_a_record_without_values_is_missing_everywhere(absent):
    found = parse(absent)
    assert np.isnan([found[name][0] for name in ("visits", "price", "hour")]).all()
    assert found["days_away"].tolist() == [MISSING_INTEGER]
    assert found["city"].tolist() == [b"nowhere"]
    assert (found["product_id"].tolist(), found["user_id"].tolist(), found["level"].tolist()) == ([b""], [-1], [0])
    assert found["history"].shape == found["tags"].shape == (1, 0)


def test_lists_are_padded_and_a_feature_without_a_value_is_missing():
    found = parse(
        {"tags": of("int64", 5, 6), "price": of("float"), "city": of("bytes"), "history": of("bytes", b"a")},
        {"tags": of("int64", 7), "price": of("float", 1.5), "city": of("bytes", b"x", b"y"), "other": of("int64", 1)},
    )
    assert found["tags"].tolist() == [[5, 6], [7, -1]]
    assert found["history"].tolist() == [[b"a"], [b""]]
    np.testing.assert_array_equal(found["price"], np.array([np.nan, 1.5], np.float32))
    assert found["city"].tolist() == [b"nowhere", b"x"]


def test_a_feature_of_another_type_is_named():
    with pytest.raises(tf.errors.InvalidArgumentError, match="price.*[Dd]ata types"):
        parse({"price": of("int64", 1)})


def test_no_records():
    assert {name: len(array) for name, array in parse().items()} == dict.fromkeys(SCHEMA.features, 0)
