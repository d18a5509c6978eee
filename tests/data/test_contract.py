import numpy as np
import pyarrow as pa
import pytest

from tests.support.schema_of import schema_of
from tfelc.data.contract import conform


@pytest.mark.parametrize("value", [16_777_217, 20_000_001, 2**62, -(2**40) - 1])
def test_large_whole_numbers_are_rounded_as_float32_rounds(value: int) -> None:
    schema = schema_of({"views": {"kind": "number", "role": "item"}, "share": {"kind": "weight"}})
    table = pa.table({"y": [0, 1], "views": [value, None], "share": [abs(value), 1]})
    found = conform(table, schema, "log")
    assert found["views"].to_pylist() == [np.float32(value), None]
    assert found["share"].to_pylist() == [np.float32(abs(value)), 1]
