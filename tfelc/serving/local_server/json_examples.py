"""The JSON bodies of :classify and :regress."""

from __future__ import annotations

from typing import Any

import numpy as np
import rapidjson
from tensorflow_serving.apis import classification_pb2, regression_pb2

from tfelc.serving.local_server.json_request import from_base64, is_base64, parse_object, signature_of
from tfelc.serving.local_server.json_response import write_decimals
from tfelc.serving.local_server.serving_error import ServingError

_MAX_FLOAT = float(np.finfo(np.float32).max)


def read_examples(body: bytes, method: str) -> Any:
    """A ClassificationRequest or a RegressionRequest; raises ServingError for a body that is not one."""
    document = parse_object(body)
    made = classification_pb2.ClassificationRequest if method == "classify" else regression_pb2.RegressionRequest
    request = made()
    request.model_spec.signature_name = signature_of(document)
    rows = document.get("examples")
    if "examples" not in document:
        raise ServingError.invalid(f"When method is {method}, key 'examples' is expected and was not found")
    if not isinstance(rows, list):
        raise ServingError.invalid("Expecting 'examples' value to be an list/array")
    if not rows:
        raise ServingError.invalid("'examples' value is an empty array")
    target: Any = request.input.example_list
    if "context" in document:
        target = request.input.example_list_with_context
        _fill(target.context, document["context"])
    for row in rows:
        _fill(target.examples.add(), row)
    return request


def write_classes(result: Any) -> bytes:
    """Pairs of label and score, a list for each example, under `results`."""
    rows = []
    for listed in result.classifications:
        scores = write_decimals(np.array([entry.score for entry in listed.classes], np.float32))
        pairs = (
            f"[{rapidjson.dumps(entry.label)}, {score}]" for entry, score in zip(listed.classes, scores, strict=True)
        )
        rows.append(f"[{', '.join(pairs)}]")
    return f'{{"results": [{", ".join(rows)}]}}'.encode()


def write_values(result: Any) -> bytes:
    """One number for each example, under `results`."""
    values = write_decimals(np.array([entry.value for entry in result.regressions], np.float32))
    return f'{{"results": [{", ".join(values)}]}}'.encode()


def _fill(example: Any, content: Any) -> None:
    if not isinstance(content, dict):
        raise ServingError.invalid(f"Example must be JSON object but got JSON {type(content).__name__}")
    features = example.features.feature
    for name, values in content.items():
        feature = features[name]
        for value in values if isinstance(values, list) else [values]:
            _add(feature, name, value)


def _add(feature: Any, name: str, value: Any) -> None:
    content: Any
    if isinstance(value, str) or is_base64(value):
        field, content = "bytes_list", value.encode() if isinstance(value, str) else from_base64(value)
    elif isinstance(value, bool | int):
        field, content = "int64_list", int(value)
        if content > 2**63 - 1:
            raise ServingError.invalid(f"Feature: {name} has uint64 element. Only int64 is supported.")
    elif isinstance(value, float):
        field, content = "float_list", value
        if np.isfinite(value) and abs(value) > _MAX_FLOAT:
            raise ServingError.invalid(f"Cannot convert JSON value: {value} to float without loss of precision.")
    else:
        raise ServingError.invalid(f"Feature: {name} has element with unexpected JSON type: {type(value).__name__}")
    if feature.WhichOneof("kind") not in (None, field):
        raise ServingError.invalid(
            f"Unexpected element type in feature: {name} expecting type: {feature.WhichOneof('kind')}"
        )
    getattr(feature, field).value.append(content)
