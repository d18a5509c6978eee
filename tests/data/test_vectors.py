"""Vectors of a log: each whole and of its width, or not there."""

import numpy as np
import pyarrow as pa
import pytest

from tfelc.core.errors import DataError, SchemaError
from tfelc.data.contract import conform
from tfelc.ranker.export.example_format import parse_examples, write_examples
from tfelc.schema.schema import Schema

CONTENT = {
    "name": "pictures",
    "tasks": {"ctr": {"label": "clicked"}},
    "columns": {"clicked": {"kind": "label"}, "picture": {"kind": "vector", "role": "item", "width": 2}},
}
SCHEMA = Schema.parse(CONTENT, "pictures")


def _conformed(vectors: object) -> list[object]:
    table = pa.table({"clicked": [0] * len(vectors), "picture": vectors})
    return conform(table, SCHEMA, "log")["picture"].to_pylist()


@pytest.mark.parametrize(
    "vectors",
    [
        pa.array([[1.0, 2.0], None, []]),
        pa.array([[1, 2], None, None], pa.list_(pa.int8(), 2)),
        pa.array(["1|2", None, ""]),
        pa.array(["[1, 2.0]", None, "[]"]),
        pa.array([[1.0, 2.0], None, []], pa.large_list(pa.float64())),
    ],
)
def test_lists_of_any_kind_are_vectors(vectors: pa.Array) -> None:
    assert _conformed(vectors) == [[1.0, 2.0], [], []]


@pytest.mark.parametrize(
    ("vector", "message"),
    [
        ([1.0], "a vector of `width: 2` must have as many numbers, or none"),
        ([1.0, 2.0, 3.0], "a vector of `width: 2` must have as many numbers, or none"),
        ([1.0, None], "a vector must have all of its numbers, or none"),
        ([1.0, float("nan")], "a vector must have all of its numbers, or none"),
        ([1.0, float("inf")], "a number must be finite or null"),
    ],
)
def test_others_are_refused_by_column_and_row(vector: list[float], message: str) -> None:
    with pytest.raises(DataError, match=f"log: column `picture`, row 1: {message}"):
        _conformed(pa.array([[1.0, 2.0], vector]))


def test_records_hold_a_vector_or_none_and_no_part_of_one() -> None:
    vectors = np.array([[1.0, 2.0], [np.nan, np.nan], [3.0, np.nan]], "float32")
    records = write_examples(SCHEMA, {"picture": vectors})
    np.testing.assert_array_equal(
        parse_examples(SCHEMA, records)["picture"], [[1.0, 2.0], [np.nan, np.nan], [np.nan, np.nan]]
    )
    wider = Schema.parse(
        {**CONTENT, "columns": {**CONTENT["columns"], "picture": {"kind": "vector", "role": "item", "width": 3}}},
        "wider",
    )
    with pytest.raises(Exception, match="`picture` is a vector of 3 numbers: a record must have as many, or none"):
        parse_examples(wider, records)


def test_a_vector_says_its_width_and_what_it_takes() -> None:
    for part, message in (
        ({"kind": "vector", "role": "item"}, "a vector needs a `width`"),
        ({"kind": "vector", "role": "item", "width": 2, "table": "a"}, "takes no `table`"),
        ({"kind": "number", "role": "item", "width": 2}, "takes no `width`"),
    ):
        with pytest.raises(SchemaError, match=message):
            Schema.parse({**CONTENT, "columns": {**CONTENT["columns"], "picture": part}}, "pictures")
