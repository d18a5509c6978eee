"""The features of Ali-CCP: fields, ids and values in one text, `field 0x02 id 0x03 value`, with 0x01 between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.ranker.data.text_lists import words

LONGEST = 50
_FEATURE = "^(?P<field>[0-9_]+)\x02(?P<id>[0-9]+)\x03(?P<value>[-+0-9.eE]+)$"
_BLOCK = 1 << 24


def read_lines(path: Path, columns: list[str], rows: int) -> Iterator[tuple[int, pa.Table]]:
    """The lines of a file without a heading, some at a time, each time with the number of the first.

    Args:
        path: The file.
        columns: What its columns are called.
        rows: How many lines at a time.

    Raises:
        DataError: The file is missing, or lines have other columns.
    """
    if not path.is_file():
        raise DataError(f"{path.parent}: no {path.name}; name the folder with the four files of Ali-CCP")
    number = 1
    try:
        with csv.open_csv(
            path,
            csv.ReadOptions(column_names=columns, block_size=_BLOCK),
            csv.ParseOptions(quote_char=False),
            csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False),
        ) as reader:
            for batch in reader:
                for start in range(0, len(batch), rows):
                    part = batch.slice(start, rows)
                    yield number, pa.Table.from_batches([part])
                    number += len(part)
    except pa.ArrowException as error:
        raise DataError(f"{path}: not of {len(columns)} columns: {' '.join(str(error).split())}") from None


class FeatureFields:
    """Which fields a file has, and the columns that they become.

    Args:
        single: Field -> column, of fields that a row has once at most.
        lists: Field -> column, of fields with any number of ids; they are put in the order of their values.
        counts: Column of a list -> column of how many ids it has.
        sums: Column of a list -> column of the sum of its values, null without any.
    """

    def __init__(
        self, single: Mapping[str, str], lists: Mapping[str, str], counts: Mapping[str, str], sums: Mapping[str, str]
    ) -> None:
        self._fields = [*single, *lists]
        self._single = list(single.values())
        self._lists = list(lists.values())
        self._counts = counts
        self._sums = sums

    def columns_of(self, texts: pa.ChunkedArray, path: Path, first_row: int) -> dict[str, pa.Array]:
        """The columns of some rows.

        Args:
            texts: The features of each row.
            path: Their file, for messages.
            first_row: Number of the first row there.

        Raises:
            DataError: A feature is of another form, its field is not known, or comes twice where it must not.
        """
        listed = words(texts, "\x01")
        features, row = listed.flatten(), pc.list_parent_indices(listed).to_numpy()
        parts = pc.extract_regex(features, _FEATURE)
        code = pc.index_in(parts.field("field"), value_set=pa.array(self._fields))
        if code.null_count:
            place = int(np.argmax(code.is_null().to_numpy(zero_copy_only=False)))
            raise DataError(
                f"{path}, row {first_row + row[place]}: no feature of this file of Ali-CCP. "
                f"Received: {features[place].as_py()!r}"
            )
        ids, values = pc.cast(parts.field("id"), pa.int64()), pc.cast(parts.field("value"), pa.float64())
        number = code.to_numpy()
        found: dict[str, pa.Array] = {}
        for field, name in enumerate([*self._single, *self._lists]):
            chosen = np.flatnonzero(number == field)
            rows, count = row[chosen], np.bincount(row[chosen], minlength=len(texts))
            if name in self._single:
                if (count > 1).any():
                    where = f"{path}, row {first_row + int(np.argmax(count > 1))}"
                    raise DataError(f"{where}: field {self._fields[field]} is there more than once")
                found[name] = _single(rows, ids.to_numpy()[chosen], len(texts))
            else:
                found |= self._of_list(name, rows, ids.to_numpy()[chosen], values.to_numpy()[chosen], count)
        return found

    def _of_list(
        self,
        name: str,
        rows: NDArray[np.int64],
        ids: NDArray[np.int64],
        values: NDArray[np.float64],
        count: NDArray[np.int64],
    ) -> dict[str, pa.Array]:
        order = np.lexsort((values, rows))
        kept = np.cumsum(count)[rows] - np.arange(len(rows)) <= LONGEST
        offsets = np.concatenate([[0], np.cumsum(np.minimum(count, LONGEST))])
        found = {name: pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(ids[order][kept]))}
        if name in self._counts:
            found[self._counts[name]] = pa.array(count)
        if name in self._sums:
            sums = np.bincount(rows, weights=values, minlength=len(count))
            found[self._sums[name]] = pa.array(sums, mask=count == 0)
        return found


def _single(rows: NDArray[np.int64], ids: NDArray[np.int64], length: int) -> pa.Array:
    values, missing = np.zeros(length, np.int64), np.ones(length, bool)
    values[rows], missing[rows] = ids, False
    return pa.array(values, mask=missing)
