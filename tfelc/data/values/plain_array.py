"""Arrow arrays without their encodings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc


def plain_type(kind: pa.DataType) -> pa.DataType:
    """The type that values have once dictionaries, runs and extensions other than UUIDs are taken away."""
    if isinstance(kind, pa.BaseExtensionType):
        return kind if is_uuid(kind) else plain_type(kind.storage_type)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return plain_type(kind.value_type)
    return kind


def plain_array(array: pa.Array) -> pa.Array:
    """The same values without dictionary, runs, extension, view or large offsets.

    Lists come as `pa.list_` of plain values, texts as `pa.string()`, bytes as `pa.binary()`, and decimals of 32 and 64
    bits, for which some casts of pyarrow 25 fail, as those of 128.
    """
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return array if is_uuid(kind) else plain_array(array.storage)
    if pa.types.is_dictionary(kind):
        return plain_array(array.dictionary_decode())
    if pa.types.is_run_end_encoded(kind):
        return plain_array(pc.run_end_decode(array))
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return array.cast(pa.string())
    if pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return array.cast(pa.binary())
    if pa.types.is_decimal32(kind) or pa.types.is_decimal64(kind):
        return array.cast(pa.decimal128(kind.precision, kind.scale))
    if is_list(kind) and not (pa.types.is_list(kind) and plain_type(kind.value_type) == kind.value_type):
        return list_array(array, plain_array(array.flatten()))
    return array


def list_array(lists: pa.Array, values: pa.Array) -> pa.ListArray:
    """Lists of the same lengths with other values; those that are null become empty.

    A cast would do for most types, but pyarrow 25 loses what follows a null when it casts views of lists.
    """
    if pa.types.is_list(lists.type) and len(lists) and not lists.null_count:
        offsets = lists.offsets.to_numpy()
        return pa.ListArray.from_arrays(pa.array(offsets - offsets[0], pa.int32()), values)
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def is_list(kind: pa.DataType) -> bool:
    """Whether values of a type are lists, of any layout; a map is none."""
    tests: tuple[Any, ...] = (
        pa.types.is_list,
        pa.types.is_large_list,
        pa.types.is_fixed_size_list,
        pa.types.is_list_view,
        pa.types.is_large_list_view,
    )
    return any(test(kind) for test in tests)


def is_uuid(kind: pa.DataType) -> bool:
    """Whether a type is Arrow's own for UUIDs."""
    return isinstance(kind, pa.UuidType)
