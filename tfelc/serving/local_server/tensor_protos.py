"""TensorProtos to arrays and back, in the typed fields that TensorFlow Serving answers with."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tfelc.serving.local_server.expansion import Expansion
from tfelc.serving.local_server.serving_error import ServingError

Array = npt.NDArray[Any]
_FIELDS = {
    tf.float32: "float_val",
    tf.float64: "double_val",
    tf.int8: "int_val",
    tf.int16: "int_val",
    tf.int32: "int_val",
    tf.uint8: "int_val",
    tf.uint16: "int_val",
    tf.int64: "int64_val",
    tf.uint32: "uint32_val",
    tf.uint64: "uint64_val",
    tf.bool: "bool_val",
    tf.string: "string_val",
}
# By the number that a proto holds, looked up for each input of each request.
_KINDS = {
    dtype.as_datatype_enum: (np.dtype(dtype.as_numpy_dtype), _FIELDS.get(dtype))
    for dtype in (*_FIELDS, tf.half, tf.bfloat16, tf.complex64, tf.complex128)
}
_NUMBERS = {dtype: (number, field) for number, (dtype, field) in _KINDS.items()}


def to_array(name: str, proto: Any, expansion: Expansion | None = None) -> Array:
    """The array that a TensorProto holds.

    Args:
        name: The input's name, for messages.
        proto: The message.
        expansion: What the request may fill; None for no bound.

    Raises:
        ServingError: INVALID_ARGUMENT, for a type, shape or content that do not go together.
    """
    if proto.dtype not in _KINDS:
        raise ServingError.invalid(f"Input {name}: data type {proto.dtype} is not supported")
    dtype, field = _KINDS[proto.dtype]
    shape = proto.tensor_shape
    sizes = [dim.size for dim in shape.dim]
    if shape.unknown_rank or len(sizes) > 32 or min(sizes, default=0) < 0:
        raise ServingError.invalid(f"Input {name}: tensor parsing error: shape {sizes} is not fully defined")
    count = math.prod(sizes)
    content = proto.tensor_content
    try:
        if content:
            return np.frombuffer(content, dtype).reshape(sizes)
        if field is None:
            raise ValueError(f"values of {dtype} come as tensor_content")
        values = getattr(proto, field)
        given = len(values)
        if given == count:
            array = np.array(values, dtype)
            return array if len(sizes) == 1 else array.reshape(sizes)
        if given > 1:
            raise ValueError(f"{given} values for {count} elements")
        if expansion is not None:
            expansion.take(name, count, dtype.itemsize, field == "string_val")
        empty: Any = b"" if field == "string_val" else 0
        return np.full(sizes, values[0] if given else empty, dtype)
    except (ValueError, TypeError, OverflowError) as error:
        raise ServingError.invalid(f"Input {name}: tensor parsing error: {error}") from None


def fill_proto(proto: Any, array: Array) -> None:
    """Writes an array into an empty TensorProto."""
    number, field = _NUMBERS[array.dtype]
    proto.dtype = number
    for size in array.shape:
        proto.tensor_shape.dim.add().size = size
    if field is None:
        proto.tensor_content = array.tobytes()
    else:
        getattr(proto, field).extend(array.ravel().tolist())
