"""What a server answered, made into arrays; alike for both protocols."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import numpy.typing as npt

from tfelc.serving.client.signature import Tensor

Array = npt.NDArray[Any]
# TensorFlow Serving sends such outputs as base64 in JSON; all other strings are text.
_BYTES = "_bytes"


def from_json(name: str, values: Any, tensor: Tensor) -> Array:
    """The array of an output in JSON."""
    array = np.array(values, object if tensor.strings else tensor.dtype)
    if tensor.strings:
        flat = array.reshape(-1)
        flat[:] = [_unpacked(each) for each in flat]
    rank = len(tensor.shape) if tensor.shape is not None else array.ndim
    if not array.size and array.ndim < rank:
        return array.reshape(array.shape + tuple(size or 0 for size in (tensor.shape or ())[array.ndim :]))
    return array


def from_grpc(name: str, array: Array) -> Array:
    """The array of an output by gRPC, its strings as text where they are text."""
    if array.dtype != object or name.endswith(_BYTES):
        return array
    flat = array.reshape(-1)
    flat[:] = [_text(each) for each in flat]
    return flat.reshape(array.shape)


def _unpacked(value: Any) -> Any:
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value


def _text(value: Any) -> Any:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value
