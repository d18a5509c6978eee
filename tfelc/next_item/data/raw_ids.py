"""Raw ids of the rows of a table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.data.contract import checked_column
from tfelc.data.log_batch import LogBatch
from tfelc.data.values.plain_array import plain_type
from tfelc.schema.column import Column

_INTEGER_ID = Column(kind="id", type="integer")
_TEXT_ID = Column(kind="id", type="string")


def raw_ids(batches: list[LogBatch], name: str) -> NDArray[Any]:
    """Ids as whole numbers where every file has typed ones, else as texts in UTF-8; as `numbered` takes them.

    Args:
        batches: List of LogBatch. The rows.
        name: str. The column.

    Raises:
        DataError: A value is none of an id.
    """
    column = _INTEGER_ID if all(_holds_numbers(batch.table[name].type) for batch in batches) else _TEXT_ID
    parts = [checked_column(batch, name, column) for batch in batches]
    ids = pa.chunked_array(parts)
    if column is _INTEGER_ID:
        whole: NDArray[Any] = ids.to_numpy()
        return whole
    # Each text once: the rows of one id share one object, where an object for each would take gigabytes.
    encoded = ids.dictionary_encode().unify_dictionaries()
    texts = encoded.chunk(0).dictionary.to_pylist() if encoded.num_chunks else []
    words = np.empty(len(texts), object)
    words[:] = [text.encode() for text in texts]
    return words[np.concatenate([np.zeros(0, np.int32), *(chunk.indices.to_numpy() for chunk in encoded.chunks)])]


def _holds_numbers(kind: pa.DataType) -> bool:
    plain = plain_type(kind)
    # Of 64 bits without a sign, some are no int64, and are texts.
    is_number = pa.types.is_integer(plain) or pa.types.is_floating(plain) or pa.types.is_decimal(plain)
    return is_number and not pa.types.is_uint64(plain)
