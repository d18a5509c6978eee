"""AliExpress: the results of searches in one country, with clicks and orders -> a prepared dataset."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.core.errors import DataError
from tfelc.data import log_preparation
from tfelc.data.hashed_random import hashed_uniform
from tfelc.data.log_batch import LogBatch
from tfelc.data.log_source import open_log
from tfelc.schema.schema import Schema

SCHEMA_FILE = Path(__file__).with_name("aliexpress.yaml")
_VALIDATION = 0.1
_STREAM = 107


def prepare(
    data_dir: Path,
    out: Path,
    seed: int = 7,
    progress: Callable[[int, int | None], None] = lambda done, total: None,
) -> None:
    """Writes a country of AliExpress as a prepared dataset, streamed.

    Test is `test.csv`, which is later than `train.csv`; of the searches of `train.csv` a tenth, drawn by the seed, is
    validation. The form was read on 2026-11-28 at https://github.com/easezyc/Multitask-Recommendation-Library, whose
    preparation of the original files says which of the numbered columns are the searcher's and which the product's.

    Args:
        data_dir: The folder of a country, such as `AliExpress_NL`, with `train.csv` and `test.csv`.
        out: The folder to make.
        seed: Seed of the validation split. Defaults to 7.
        progress: Called with the rows written so far and their total, which is not known.

    Raises:
        DataError: A file or a column is missing, a value does not fit, or `out` cannot be written.
    """
    schema = Schema.load(SCHEMA_FILE)
    log_preparation.prepare(schema, AliExpressLog(data_dir, list(schema.columns), seed), out, seed, progress)


class AliExpressLog:
    """The rows of both files, as `LogSource` has it.

    Args:
        folder: The folder of a country.
        columns: Columns that are read.
        seed: Seed of the validation split.

    Raises:
        DataError: A file or a column is missing.
    """

    def __init__(self, folder: Path, columns: Sequence[str], seed: int) -> None:
        self.name = f"AliExpress, {folder.resolve().name}"
        self.rows: int | None = None
        self.names = [*columns, "split"]
        files = [folder / "train.csv", folder / "test.csv"]
        for file in files:
            if not file.is_file():
                raise DataError(f"{folder}: no {file.name}; name the folder of a country, such as AliExpress_NL")
        self._train, self._test = (open_log(file, columns) for file in files)
        self._seed = seed

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[LogBatch]:
        """Reads columns, batch by batch. Defaults to all."""
        wanted = list(columns or self.names)
        read = list(dict.fromkeys([*(name for name in wanted if name != "split"), "search_id"]))
        for log in (self._train, self._test):
            for batch in log.batches(read):
                searches = batch.table["search_id"]
                split = self._split(searches) if log is self._train else np.full(len(searches), "test")
                table = batch.table.append_column("split", pa.array(split)).select(wanted)
                yield dataclasses.replace(batch, table=table)

    def _split(self, searches: pa.ChunkedArray) -> NDArray[np.str_]:
        keys = pd.util.hash_array(searches.cast(pa.string()).fill_null("").to_pandas().to_numpy(object))
        is_validation = hashed_uniform(keys, self._seed, _STREAM, 1)[:, 0] < _VALIDATION
        return np.where(is_validation, "validation", "train")
