"""Vectors of a table's values that were learned elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tfelc.core.errors import DataError, UsageError
from tfelc.data.values.plain_array import is_list, plain_array


@dataclass(frozen=True)
class PretrainedTable:
    """The content of a Parquet file with a column of keys and one of vectors.

    Attributes:
        path: The file.
        keys: The keys, each different.
        vectors: Their vectors, float32 of shape `(keys, width)`.
    """

    path: Path
    keys: pa.Array
    vectors: NDArray[np.float32]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Reads a file.

        Raises:
            DataError: It is missing or no Parquet, has other columns, a key twice, or vectors of unlike widths or with
                holes.
        """
        try:
            content = pq.read_table(path)
        except FileNotFoundError:
            raise DataError(f"{path}: no such file of pretrained vectors") from None
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{path}: not a readable Parquet file: {' '.join(str(error).split())}") from None
        arrays = {name: plain_array(content[name].combine_chunks()) for name in content.column_names}
        listed = [name for name, array in arrays.items() if is_list(array.type)]
        if len(arrays) != 2 or len(listed) != 1:
            raise DataError(
                f"{path}: must have two columns, one of keys and one of vectors; it has {', '.join(arrays)}"
            )
        vectors, (keys,) = arrays[listed[0]], (array for name, array in arrays.items() if name != listed[0])
        if not (pa.types.is_integer(keys.type) or pa.types.is_string(keys.type)):
            raise DataError(f"{path}: its keys are {keys.type}; they must be whole numbers or texts")
        if keys.null_count or len(pc.unique(keys)) < len(keys):
            raise DataError(f"{path}: a key is null, or there twice")
        return cls(path, keys, _matrix(path, vectors))

    def of(self, table: str, values: Sequence[Any], width: int) -> tuple[NDArray[np.bool_], NDArray[np.float32]]:
        """Which of a table's values it knows, and their vectors, zeros for the others.

        Args:
            table: The table's name, for the messages.
            values: Its vocabulary.
            width: Width of the table.

        Raises:
            UsageError: The keys are of another type than the values, or the vectors of another width than the table.
        """
        if self.vectors.shape[1] != width:
            found = self.vectors.shape[1]
            raise UsageError(
                f"table `{table}`: is {width} wide, and the vectors of {self.path} {found}; set `tables.{table}.dim: "
                f"{found}` in the schema"
            )
        wanted = pa.array(values)
        if pa.types.is_string(wanted.type) != pa.types.is_string(self.keys.type):
            raise UsageError(
                f"table `{table}`: its values are {wanted.type}, and the keys of {self.path} {self.keys.type}; write "
                "the file with keys of the same type"
            )
        places = pc.index_in(wanted, value_set=self.keys.cast(wanted.type))
        known = places.is_valid().to_numpy(zero_copy_only=False)
        rows = np.zeros((len(values), width), np.float32)
        rows[known] = self.vectors[places.drop_null().to_numpy()]
        return known, rows


def _matrix(path: Path, vectors: pa.Array) -> NDArray[np.float32]:
    lengths = pc.list_value_length(vectors)
    flat = vectors.flatten()
    if not len(vectors) or lengths.null_count or len(pc.unique(lengths)) > 1 or not lengths[0].as_py():
        raise DataError(f"{path}: its vectors must all be there, and of one width")
    if not (pa.types.is_floating(flat.type) or pa.types.is_integer(flat.type)) or flat.null_count:
        raise DataError(f"{path}: its vectors must be numbers without holes")
    numbers = flat.to_numpy(zero_copy_only=False).astype(np.float32).reshape(len(vectors), -1)
    if not np.isfinite(numbers).all():
        raise DataError(f"{path}: a vector holds a number that is not finite")
    return numbers
