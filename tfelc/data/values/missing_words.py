"""Words that stand for a missing value."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.data.values.masks import mask_of, without
from tfelc.schema.column import Column

# As ClickHouse, Hive and MySQL write it.
ESCAPED_NULL = "\\N"
# In lower case; what pandas, R, DuckDB, Spark and SQL write. None of them is a number, a time or a Boolean.
_WORDS = pa.array([ESCAPED_NULL.lower(), "na", "<na>", "n/a", "null", "<null>", "none", "nan", "-nan", "nat"])


def without_own_words(texts: pa.Array, column: Column) -> pa.Array:
    """Null where a text is one of the column's `null_values`."""
    if not column.null_values:
        return texts
    return without(texts, mask_of(pc.is_in(texts, value_set=pa.array(column.null_values, pa.string()))))


def without_usual_words(texts: pa.Array, is_text: bool) -> pa.Array:
    """Null where a text, in any case, is a usual word for it; in a text file an empty one too."""
    words = pa.concat_arrays([_WORDS, pa.array([""])]) if is_text else _WORDS
    return without(texts, usual_words(texts, words))


def usual_words(texts: pa.Array, words: pa.Array = _WORDS) -> NDArray[np.bool_]:
    """Where a text is a usual word for a missing value."""
    found: NDArray[np.bool_] = mask_of(pc.is_in(pc.utf8_lower(texts), value_set=words))
    return found
