"""TensorProtos to arrays and back, in the typed fields that TensorFlow Serving answers with."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from serving.local_server.serving_error import ServingError

Array = npt.NDArray[Any]

# A proto of a few bytes may claim any shape, the last value filling it: a limit keeps it from claiming all memory.
_MAX_FILLED = 2**26
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


def to_array(name: str, proto: Any) -> Array:
    """The array that a TensorProto holds.

    Raises:
        ServingError: INVALID_ARGUMENT, for a type, shape or content that do not go together.
    """
    dtype = _dtype(name, proto.dtype)
    sizes = [dim.size for dim in proto.tensor_shape.dim]
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in sizes) or len(sizes) > 32:
        raise ServingError.invalid(f"Input {name}: tensor parsing error: shape {sizes} is not fully defined")
    count = math.prod(sizes)
    field = _FIELDS.get(dtype)
    try:
        if proto.tensor_content:
            return np.frombuffer(proto.tensor_content, dtype.as_numpy_dtype).reshape(sizes)
        if field is None:
            if count > _MAX_FILLED:
                raise ValueError(f"{count} values claimed")
            return tf.make_ndarray(proto)
        values = getattr(proto, field)
        if len(values) not in (0, 1, count) or count > max(len(values), _MAX_FILLED):
            raise ValueError(f"{len(values)} values for {count} elements")
        if len(values) == count:
            return np.array(values, dtype.as_numpy_dtype).reshape(sizes)
        empty: Any = b"" if dtype == tf.string else 0
        return np.full(sizes, values[0] if values else empty, dtype.as_numpy_dtype)
    except (ValueError, TypeError, OverflowError) as error:
        raise ServingError.invalid(f"Input {name}: tensor parsing error: {error}") from None


def fill_proto(proto: Any, array: Array) -> None:
    """Writes an array into an empty TensorProto."""
    dtype = tf.dtypes.as_dtype(array.dtype)
    proto.dtype = dtype.as_datatype_enum
    for size in array.shape:
        proto.tensor_shape.dim.add().size = size
    field = _FIELDS.get(dtype)
    if field is None:
        proto.tensor_content = array.tobytes()
    else:
        getattr(proto, field).extend(array.ravel().tolist())


def _dtype(name: str, number: int) -> tf.dtypes.DType:
    try:
        return tf.dtypes.as_dtype(number)
    except TypeError:
        raise ServingError.invalid(f"Input {name}: unknown data type {number}") from None
