"""Reads Parquet parts by row groups, in a shuffled order that can be taken up again at any row."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data.contract import leaf_of

_ROWS_PER_TABLE = 65_536


class RowGroupReader:
    """Rows of many Parquet files, a window of row groups at a time.

    An epoch's order: the row groups permuted by (seed, epoch); each `window` of them read together and their rows
    permuted by (seed, epoch, number of the window). So a row's place depends on nothing but these three numbers, and
    memory on the window alone. With `together`, rows of one group of a window follow each other then: the groups as
    the first row of each comes in that order, and the rows of each as they come in it.

    Args:
        files: The Parquet parts.
        columns: Columns to read.
        seed: Seed of the order.
        window: Row groups that are read and shuffled together. Defaults to 4.
        together: Rows -> the number of each row's group, negative where it is in none. Defaults to None: rows go by
            themselves.

    Raises:
        DataError: A part cannot be read or lacks a column.

    Example:
        >>> reader = RowGroupReader(data.files("train"), ["age", "click"], seed=7)  # doctest: +SKIP
        >>> for table in reader.tables(epoch=0, start_row=81_920):  # doctest: +SKIP
        ...     train_on(table)
    """

    def __init__(
        self,
        files: Sequence[Path],
        columns: Sequence[str],
        seed: int,
        window: int = 4,
        together: Callable[[pa.Table], NDArray[np.int64]] | None = None,
    ) -> None:
        self._together = together
        self.columns = list(columns)
        self.seed = seed
        self.window = window
        self._groups: list[tuple[Path, int]] = []
        self._dictionaries: list[str] = []
        counts: list[int] = []
        for path in files:
            file = _opened(path, [])
            names = file.schema_arrow.names
            for name in self.columns:
                if name not in names:
                    raise DataError(f"{path}: column `{name}` is missing")
            if not self._dictionaries:
                self._dictionaries = [leaf_of(file.schema_arrow.field(name)) for name in self.columns]
            for group in range(file.metadata.num_row_groups):
                self._groups.append((path, group))
                counts.append(file.metadata.row_group(group).num_rows)
        self._counts = np.asarray(counts, np.int64)

    @property
    def rows(self) -> int:
        """Rows of all parts together: the rows of one epoch."""
        return int(self._counts.sum())

    def tables(
        self,
        epoch: int,
        start_row: int = 0,
        shuffle: bool = True,
        wanted: Callable[[NDArray[np.int64]], NDArray[np.bool_]] | None = None,
    ) -> Iterator[pa.Table]:
        """The rows of one epoch from `start_row` of its order on; what lies before is not read.

        Args:
            epoch: Number of the epoch, from 0.
            start_row: Rows of this epoch that were already seen.
            shuffle: Whether to permute; else the rows come as they lie in the files.
            wanted: Places of rows in the epoch's order -> whether each is wanted. Defaults to None: all are.

        Yields:
            Tables of at most 65,536 rows; strings are dictionary-encoded, within lists too.

        Raises:
            DataError: A part is truncated or corrupt.
        """
        groups = np.arange(len(self._groups))
        if shuffle:
            groups = np.random.default_rng((self.seed, epoch)).permutation(groups)
        skip, place = start_row, 0
        for number in range(-(-len(groups) // self.window)):
            chosen = groups[number * self.window : (number + 1) * self.window]
            rows = int(self._counts[chosen].sum())
            if skip >= rows:
                skip, place = skip - rows, place + rows
                continue
            table = self._read(chosen)
            order = np.random.default_rng((self.seed, epoch, number)).permutation(rows) if shuffle else None
            if order is not None and self._together is not None:
                order = _in_runs(order, self._together(table))
            if order is None and wanted is not None:
                order = np.arange(rows)
            for start in range(skip, rows, _ROWS_PER_TABLE):
                if order is None:
                    yield table.slice(start, _ROWS_PER_TABLE)
                    continue
                taken = order[start : start + _ROWS_PER_TABLE]
                yield table.take(taken if wanted is None else taken[wanted(place + start + np.arange(len(taken)))])
            skip, place = 0, place + rows

    def _read(self, groups: NDArray[np.int64]) -> pa.Table:
        pieces = []
        for index in groups.tolist():
            path, group = self._groups[index]
            file = _opened(path, self._dictionaries)
            try:
                pieces.append(file.read_row_group(group, columns=self.columns))
            except (OSError, pa.ArrowException) as error:
                raise _corrupt(path, error) from None
        # One chunk a column: `take` is many times faster than on several.
        return pa.concat_tables(pieces).unify_dictionaries().combine_chunks()


def _in_runs(order: NDArray[np.int64], groups: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows of `order`, those of one group behind the first of them; a negative group is one row's own."""
    drawn = groups[order]
    alone = -1 - np.arange(len(drawn))
    by_first_row, _ = pd.factorize(np.where(drawn < 0, alone, drawn))
    return order[np.argsort(by_first_row, kind="stable")]


def _opened(path: Path, dictionaries: list[str]) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path, read_dictionary=dictionaries, page_checksum_verification=True)
    except (OSError, pa.ArrowException) as error:
        raise _corrupt(path, error) from None


def _corrupt(path: Path, error: Exception) -> DataError:
    return DataError(f"{path}: not a whole Parquet file: {' '.join(str(error).split())}; prepare the dataset again")
