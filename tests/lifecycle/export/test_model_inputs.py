"""The fast way from Arrow to arrays scores as the requests that clients send."""

import numpy as np
import pyarrow as pa
import pytest

from tests.support.every_kind import every_kind_rows, every_kind_schema
from tfelc.core.errors import DataError
from tfelc.features.lookup import MISSING_INTEGER
from tfelc.lifecycle.export.model_inputs import list_input, scalar_input
from tfelc.ranker.export.requests import request_inputs
from tfelc.ranker.export.sample_rows import hard_rows, plain
from tfelc.schema.column import Column

SCHEMA = every_kind_schema()


def inputs(rows):
    return {
        name: (list_input(column, array) if column.kind == "list" else scalar_input(name, column, array))
        for name, column in SCHEMA.features.items()
        for array in [rows.column(name).combine_chunks()]
    }


@pytest.mark.parametrize("which", ["ordinary", "hard"])
def test_the_exported_ranker_answers_as_to_requests(served, untrained_run, which):
    rows = plain(every_kind_rows(200, 31), SCHEMA)
    rows = rows if which == "ordinary" else hard_rows(SCHEMA, untrained_run.fitted)
    expected = served.run("serving_default", request_inputs(SCHEMA, "serving_default", rows))
    found = served.run("serving_default", inputs(rows))
    for name in ("click", "buy"):
        np.testing.assert_allclose(found[name], expected[name], atol=1e-6)


def test_lists_by_hand():
    column = Column(kind="list", role="user", type="integer", max_length=3)
    lists = pa.array([[1, 2, 3, 4], None, [], [5, -1, 6, None], [-1]], pa.list_(pa.int64()))
    assert list_input(column, lists).tolist() == [[2, 3, 4], [-1] * 3, [-1] * 3, [5, 6, -1], [-1] * 3]
    assert list_input(column, lists.slice(3, 1)).tolist() == [[5, 6]]
    assert list_input(column, lists.slice(1, 2)).shape == (2, 0)
    assert list_input(column, lists.slice(0, 0)).shape == (0, 0)
    words = Column(kind="list", role="user", default="none")
    found = list_input(words, pa.array([["a"], ["b", "none", "c"]], pa.list_(pa.string())))
    assert found.dtype == object and found.tolist() == [[b"a", b"none"], [b"b", b"c"]]


def test_scalars_by_hand():
    number = Column(kind="number", role="user", type="integer")
    values = pa.array([3.0, None, -2.0], pa.float32())
    assert scalar_input("age", number, values).tolist() == [3, MISSING_INTEGER, -2]
    with pytest.raises(DataError, match="`age`: of `type: integer`, but holds 1.5"):
        scalar_input("age", number, pa.array([1.5], pa.float32()))
    city = Column(kind="category", role="user", default="?")
    assert scalar_input("city", city, pa.array(["x", None, "x"])).tolist() == [b"x", b"?", b"x"]
