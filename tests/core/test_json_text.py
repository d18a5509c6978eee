import json

import numpy as np
import pytest

from tfelc.core.json_text import json_text


def test_what_is_not_defined_becomes_null() -> None:
    nan, infinity = float("nan"), float("inf")
    content = {"a": nan, "b": [1.5, nan, (infinity, -infinity)], "c": {"d": {"e": nan}}, "f": np.float64("nan")}
    assert json.loads(json_text(content)) == {
        "a": None,
        "b": [1.5, None, [None, None]],
        "c": {"d": {"e": None}},
        "f": None,
    }


def test_everything_else_comes_back_as_it_was() -> None:
    content = {"text": 'NaN "\u96ea"\n', "whole": 2**60, "tiny": 1e-300, "none": None, "yes": True, "empty": [{}, []]}
    assert json.loads(json_text(content)) == content
    assert json.loads(json_text(0.1 + 0.2)) == 0.1 + 0.2


def test_what_json_cannot_hold_is_an_error() -> None:
    with pytest.raises(TypeError):
        json_text({"a": object()})
