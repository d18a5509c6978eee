"""JSON bodies of :predict turned into arrays, by the rules of TensorFlow Serving's parser."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal

import grpc
import numpy as np
import numpy.typing as npt
import rapidjson

from tfelc.lifecycle.export.session_runner import SessionTensor
from tfelc.serving.local_server.serving_error import ServingError

Array = npt.NDArray[Any]
_INT_RANGE = {"float32": 2**24 - 1, "float64": 2**53 - 1}
_INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
_MAX_RANK = 32
# Up to so many values, a loop is quicker than NumPy.
_SHORT = 8
# Bytes that are parsed without another thread having a turn.
_PART = 2**16


@dataclass(frozen=True)
class JsonRequest:
    """A parsed :predict body.

    Attributes:
        signature: The signature asked for; the default one when the body names none.
        form: `instances` (one object a row) or `inputs` (one list a column).
        content: What stands under that key.
    """

    signature: str
    form: Literal["instances", "inputs"]
    content: Any

    @classmethod
    def parse(cls, body: bytes) -> JsonRequest:
        """Reads a body; raises ServingError with INVALID_ARGUMENT when it is not one."""
        document = parse_object(body)
        signature = signature_of(document)
        if "instances" in document and "inputs" in document:
            raise ServingError.invalid(
                "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist"
            )
        if "instances" in document:
            rows = document["instances"]
            if not isinstance(rows, list):
                raise ServingError.invalid("Excepting 'instances' to be an list/array")
            if not rows:
                raise ServingError.invalid("No values in 'instances' array")
            return cls(signature, "instances", rows)
        if "inputs" in document:
            return cls(signature, "inputs", document["inputs"])
        raise ServingError.invalid("Missing 'inputs' or 'instances' key")

    def arrays(self, tensors: Mapping[str, SessionTensor]) -> dict[str, Array]:
        """One array for each input of the signature; raises ServingError when the values do not make them."""
        columns = self._from_rows(tensors) if self.form == "instances" else self._from_columns(tensors)
        return {name: _to_array(name, column, tensors[name]) for name, column in columns.items()}

    def _from_rows(self, tensors: Mapping[str, SessionTensor]) -> dict[str, Any]:
        rows = self.content
        if not _is_object(rows[0]):
            if len(tensors) > 1:
                raise ServingError.invalid(
                    "instances is a plain list, but expecting list of objects as multiple input tensors required"
                )
            if any(map(_is_object, rows)):
                raise ServingError.invalid("Expecting value/list but got object in the 'instances' list")
            return {next(iter(tensors)): rows}
        names = tensors.keys()
        for index, row in enumerate(rows):
            if not _is_object(row):
                raise ServingError.invalid(f"Expecting object but got list at item {index} of input list")
            if row.keys() != names:
                if extra := sorted(row.keys() - names):
                    problem = f"key: {extra[0][:80]}. Error: JSON object: does not have named input: {extra[0][:80]}"
                else:
                    problem = f"JSON object keys must be equal to: {','.join(sorted(names))}"
                raise ServingError.invalid(f"Failed to process element: {index} of 'instances' list. {problem}")
        return {name: [row[name] for row in rows] for name in tensors}

    def _from_columns(self, tensors: Mapping[str, SessionTensor]) -> dict[str, Any]:
        if not _is_object(self.content):
            if len(tensors) > 1:
                raise ServingError.invalid(
                    "inputs is a plain value/list, but expecting an object as multiple input tensors required"
                )
            return {next(iter(tensors)): self.content}
        for name in tensors:
            if name not in self.content:
                raise ServingError.invalid(f"Missing named input: {name} in 'inputs' object.")
        return {name: self.content[name] for name in tensors}


def parse_object(body: bytes) -> dict[str, Any]:
    """Reads a body that must be a JSON object; NaN, Infinity and -Infinity are numbers in it."""
    try:
        # Native numbers keep a 10,000-digit integer from costing quadratic time; beyond 64 bits it becomes a double.
        mode = rapidjson.NM_NATIVE | rapidjson.NM_NAN
        if len(body) <= _PART:
            document = rapidjson.loads(body, number_mode=mode)
        else:
            parts: Any = _Parts(body)
            document = rapidjson.load(parts, number_mode=mode, chunk_size=_PART)
    except (ValueError, RecursionError) as error:
        raise ServingError.invalid(f"JSON Parse error: {error}") from None
    if not isinstance(document, dict):
        raise ServingError.invalid(f"JSON Value: {_shown(document)} Is not object")
    return document


class _Parts:
    """Hands a body out in parts: between two of them, a call into Python, other threads get their turn."""

    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    def read(self, size: int) -> bytes:
        part = self._body[self._at : self._at + size]
        self._at += size
        return part


def signature_of(document: Mapping[str, Any]) -> str:
    """The signature that a body names; the default one when it names none."""
    signature = document.get("signature_name", "")
    if not isinstance(signature, str):
        raise ServingError.invalid("Not formatted correctly. 'signature_name' key must be a string value.")
    return signature or "serving_default"


def is_base64(value: Any) -> bool:
    """Whether a JSON value is `{"b64": "..."}`, bytes in disguise."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def from_base64(value: Mapping[str, str]) -> bytes:
    """The bytes of `{"b64": "..."}`; padding may be left out."""
    text = value["b64"].rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ServingError.invalid("Unable to base64 decode") from None


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64(value)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


def _to_array(name: str, value: Any, tensor: SessionTensor) -> Array:
    flat, shape = _flatten(name, value)
    return _convert(name, flat, tensor).reshape(shape)


def _flatten(name: str, value: Any) -> tuple[list[Any], tuple[int, ...]]:
    if not isinstance(value, list):
        return [value], ()
    shape = [len(value)]
    while list in (kinds := set(map(type, value))):
        if len(kinds) > 1:
            raise ServingError.invalid(f"Input {name}: value found at incorrect level in the JSON DOM")
        sizes = set(map(len, value))
        if len(sizes) > 1:
            raise ServingError.invalid(
                f"Input {name}: Encountered list at unexpected size: lists of {sorted(sizes)[:3]}"
            )
        shape.append(sizes.pop())
        if len(shape) > _MAX_RANK:
            raise ServingError.invalid(f"Input {name}: Encountered list at unexpected level: {_MAX_RANK}")
        value = list(chain.from_iterable(value))
    return value, tuple(shape)


def _convert(name: str, values: list[Any], tensor: SessionTensor) -> Array:
    kind = tensor.dtype_name
    kinds = set(map(type, values))
    if kind in _INT_RANGE:
        _expect(name, values, kinds, {int, float}, kind)
        _check_lossless(name, values, kind)
        return np.array(values, tensor.dtype)
    if kind in _INTEGERS:
        _expect(name, values, kinds, {int}, kind)
        try:
            return np.array(values, tensor.dtype)
        except OverflowError:
            raise ServingError.invalid(f"Input {name}: a JSON value is not of expected type: {kind}") from None
    if kind == "bool":
        _expect(name, values, kinds, {bool}, kind)
        return np.array(values, np.bool_)
    if kind == "string":
        _expect(name, values, kinds, {str, dict}, kind)
        made = np.empty(len(values), object)
        made[:] = [_to_bytes(name, value) for value in values]
        return made
    raise ServingError(grpc.StatusCode.UNIMPLEMENTED, f"Input {name}: conversion of JSON values to {kind}")


def _to_bytes(name: str, value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if not is_base64(value):
        raise ServingError.invalid(f"Input {name}: {_shown(value)} not formatted correctly for base64 data")
    return from_base64(value)


def _expect(name: str, values: list[Any], kinds: set[type], allowed: set[type], kind: str) -> None:
    if kinds <= allowed:
        return
    wrong = next(value for value in values if type(value) not in allowed)
    raise ServingError.invalid(f"Input {name}: JSON Value: {_shown(wrong)} is not of expected type: {kind}")


def _check_lossless(name: str, values: list[Any], kind: str) -> None:
    """An integer must fit the mantissa and a decimal the range, as in the real server."""
    limit, largest = _INT_RANGE[kind], float(np.finfo(kind).max)
    if len(values) > _SHORT:
        places = np.flatnonzero(np.abs(np.array(values, np.float64)) > limit).tolist()
        values = [values[place] for place in places]
    for value in values:
        size = abs(value)
        if size > limit and (type(value) is int or largest < size < np.inf):
            raise ServingError.invalid(
                f"Input {name}: Cannot convert JSON value: {_shown(value)} to {kind} without loss of precision."
            )
