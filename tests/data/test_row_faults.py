import pyarrow as pa
import pytest

from tests.support.every_kind import every_kind_rows, every_kind_schema
from tfelc.core.errors import DataError
from tfelc.data.contract import conform
from tfelc.data.row_faults import check_type, separate
from tfelc.schema.column import Column

NUMBER = Column(kind="number", role="user")
INTEGER_NUMBER = Column(kind="number", role="user", type="integer")
CATEGORY = Column(kind="category", role="user", type="integer")
IDS = Column(kind="list", role="user", type="integer")


def test_sound_rows_come_out_as_conform_makes_them():
    schema, rows = every_kind_schema(), every_kind_rows(200, 3)
    good, faults = separate(rows, dict(schema.columns))
    assert not faults and good == conform(rows, schema, "rows")


@pytest.mark.parametrize(
    ("column", "values", "bad", "reason"),
    [
        (NUMBER, ["1", "x", None, "2.5", ""], [1, 4], "not a value of kind number (float). Received: 'x'"),
        (NUMBER, [1.0, float("inf"), float("nan"), float("-inf")], [1, 3], "a number must be finite or null"),
        (INTEGER_NUMBER, [1.0, 1.5, None, 1e30], [1, 3], "a number of type integer must be whole"),
        (CATEGORY, ["7", "8.0", "8.5", None], [2], "not a value of kind category (int64). Received: '8.5'"),
        (IDS, [["1"], ["1", "x"], [], None, ["2"]], [1], "not a value of kind list"),
        (Column(kind="id"), [1, None, 3], [1], "a id must not be null or NaN"),
        (Column(kind="label"), [0, 1, 2], [2], "a label must be 0 or 1. Received: 2"),
    ],
)
def test_each_row_that_breaks_a_rule_is_named(column, values, bad, reason):
    good, faults = separate(pa.table({"c": values}), {"c": column})
    assert [fault.row for fault in faults] == bad
    assert faults[0].column == "c" and reason in faults[0].reason
    assert len(good) == len(values) - len(bad)


def test_a_row_counts_once_and_the_others_stay_together():
    rows = pa.table({"a": ["1", "x", "3", "4"], "b": [None, None, 3, 4]})
    good, faults = separate(rows, {"a": NUMBER, "b": CATEGORY}, frozenset(["b"]))
    assert [(fault.row, fault.column) for fault in faults] == [(0, "b"), (1, "a")]
    assert good.to_pylist() == [{"a": 3.0, "b": 3}, {"a": 4.0, "b": 4}]


def test_all_rows_bad():
    good, faults = separate(pa.table({"a": ["x"] * 100}), {"a": NUMBER})
    assert len(faults) == 100 and len(good) == 0


def test_a_type_that_cannot_be_cast_is_an_error_of_the_column():
    with pytest.raises(DataError, match="`a` is list"):
        check_type("a", NUMBER, pa.list_(pa.int64()), "log.parquet")
    with pytest.raises(DataError, match="`a` is list"):
        separate(pa.table({"a": [[1]]}), {"a": NUMBER})
    check_type("a", NUMBER, pa.string(), "log.parquet")
