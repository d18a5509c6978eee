"""Numbers written as the real server writes them, short and long arrays alike."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfelc.serving.local_server.json_response import write_decimals, write_predictions
from tfelc.serving.local_server.serving_error import ServingError

# By absl's StrCat and "%.9g": six digits where they suffice, else nine; whole numbers keep a decimal.
WRITTEN = {
    0.2: "0.2",
    1 / 3: "0.333333343",
    1.0: "1.0",
    9e6: "9e+06",
    16777216.0: "16777216.0",
    1e-5: "1e-05",
    123456.7: "123456.703",
    100000.0: "100000.0",
    0.0: "0.0",
    -2.5: "-2.5",
    1e30: "1e+30",
}


@pytest.mark.parametrize("copies", [1, 20])
def test_known_numbers(copies):
    sent = np.array([*WRITTEN, np.nan, np.inf, -np.inf] * copies, np.float32)
    assert write_decimals(sent) == [*WRITTEN.values(), "NaN", "Infinity", "-Infinity"] * copies
    assert write_decimals(sent[:8]) == write_decimals(sent)[:8]


@given(st.lists(st.floats(width=32), max_size=20), st.sampled_from([np.float32, np.float64]))
def test_every_number_reads_back_and_length_does_not_matter(values, dtype):
    sent = np.array(values, dtype)
    texts = write_decimals(sent)
    assert texts == [text for value in sent for text in write_decimals(np.array([value], dtype))]
    read = np.array([json.loads(text) for text in texts], np.float64).astype(dtype)
    np.testing.assert_array_equal(read, sent)
    assert all(isinstance(json.loads(text), float) for text in texts)


def test_shapes_and_types():
    outputs = {
        "matrix": np.array([[1, 2], [3, 4]]),
        "empty": np.zeros((2, 0), np.float32),
        "flag": np.array([True, False]),
        "text": np.array(['a"\n', "é".encode()], object),
        "raw_bytes": np.array([b"\xff", b""], object),
    }
    outputs["text"][0] = b'a"\n'
    row = {"matrix": [1, 2], "empty": [], "flag": True, "text": 'a"\n', "raw_bytes": {"b64": "/w=="}}
    assert json.loads(write_predictions(outputs, "instances"))["predictions"][0] == row
    columns = json.loads(write_predictions(outputs, "inputs"))["outputs"]
    assert columns["matrix"] == [[1, 2], [3, 4]] and columns["empty"] == [[], []] and columns["text"][1] == "é"
    assert json.loads(write_predictions({"y%s": np.array(1.5)}, "inputs")) == {"outputs": 1.5}
    both = {"a%s": np.ones(1), "b": np.ones(1)}
    assert json.loads(write_predictions(both, "instances")) == {"predictions": [{"a%s": 1.0, "b": 1.0}]}


@pytest.mark.parametrize(
    "outputs", [{"y": np.array(1.0)}, {"y": np.ones(2), "z": np.ones(3)}, {"y": np.ones(2, np.float16)}]
)
def test_what_rows_cannot_hold(outputs):
    with pytest.raises(ServingError):
        write_predictions(outputs, "instances")
