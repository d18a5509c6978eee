"""Streams rows into a prepared dataset; the folder appears whole or not at all."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from tfelc.core.errors import DataError
from tfelc.data.checks.log_checks import LogChecks
from tfelc.data.contract import conform
from tfelc.data.manifest import PartFile
from tfelc.data.negative_sampling import NegativeSampling
from tfelc.data.outcome_sums import OutcomeSums
from tfelc.data.part_writer import PartWriter
from tfelc.data.splits import SPLITS
from tfelc.data.unfinished_dataset import UnfinishedDataset
from tfelc.schema.schema import Schema

ROWS_PER_GROUP = 65_536
GROUPS_PER_PART = 16


class DatasetWriter:
    """Writes train, validation and test in pieces of any size; a context manager.

    Every row group but a split's last holds `ROWS_PER_GROUP` rows, whatever the pieces' sizes: equal rows give equal
    files. All is written under a temporary name beside `out`, which becomes `out` when the block ends well; on any
    error it is removed.

    Args:
        out: The folder to make. An empty one may exist.
        schema: Columns of the rows.
        source: What the rows were made from, in words, for the manifest.
        seed: Seed of everything random in the preparation, for the manifest.

    Raises:
        DataError: `out` exists and is not empty, cannot be written, a row breaks the schema, or a split stays
            empty.

    Example:
        >>> with DatasetWriter(out, schema, source="my log", seed=7) as writer:  # doctest: +SKIP
        ...     writer.write("train", table, where="log.parquet")
        ...     writer.metadata["note"] = "goes into the manifest"
    """

    def __init__(self, out: Path, schema: Schema, source: str, seed: int) -> None:
        self.out = Path(out)
        self.schema = schema
        self.source = source
        self._unfinished = UnfinishedDataset(out, schema, source, seed)
        self.metadata = self._unfinished.metadata
        self._sampling = NegativeSampling(schema, seed)
        self._splits = {
            split: _Split(self._unfinished.path / split, schema, sums) for split, sums in self._unfinished.sums.items()
        }

    def __enter__(self) -> Self:
        self._unfinished.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                with self._unfinished.reported():
                    self._finish()
        finally:
            for split in self._splits.values():
                split.abandon()
            self._unfinished.__exit__(kind, error, trace)

    def write(self, split: str, table: pa.Table | pa.RecordBatch, where: str | None = None, first_row: int = 0) -> None:
        """Casts, checks and adds rows to a split.

        Args:
            split: `train`, `validation` or `test`.
            table: The rows; columns the schema lacks are left out.
            where: Where they come from, for the messages. Defaults to the split's name.
            first_row: Number of the first row there, for the messages.

        Raises:
            DataError: A row breaks the schema, or the disk is full.
        """
        if split not in SPLITS:
            raise DataError(f"{where or self.source}: `{split}` is no split; use {', '.join(SPLITS)}")
        if isinstance(table, pa.RecordBatch):
            table = pa.Table.from_batches([table])
        if table.num_rows == 0:
            return
        self.append(split, conform(table, self.schema, where or split, first_row))

    def append(self, split: str, rows: pa.Table) -> None:
        """Adds rows as `conform` gives them to a split, but for the negatives that its schema has dropped of `train`.

        Raises:
            DataError: The disk is full.
        """
        if split == "train":
            rows = self._sampling.kept(rows)
        if rows.num_rows:
            with self._unfinished.reported():
                self._splits[split].add(rows)

    def folder(self, name: str) -> Path:
        """A folder of that name, which will stand beside the splits."""
        return self._unfinished.folder(name)

    @property
    def rows(self) -> dict[str, int]:
        """Rows written so far, by split."""
        return {name: sums.rows for name, sums in self._unfinished.sums.items()}

    def warn(self, checks: LogChecks) -> None:
        """Puts what is suspicious about the rows into the metadata, under `warnings`; when all rows are there."""
        self._unfinished.warn(checks)

    def _finish(self) -> None:
        self._unfinished.refuse_empty_splits()
        for split in self._splits.values():
            split.close()
        files = {name: {path.name: PartFile.of(path) for path in split.parts} for name, split in self._splits.items()}
        self._unfinished.finish(files, self._sampling.metadata)


class _Split:
    """The parts of one split, and the rows that do not fill a row group yet."""

    def __init__(self, folder: Path, schema: Schema, sums: OutcomeSums) -> None:
        self.folder = folder
        self.schema = schema
        self.parts: list[Path] = []
        self._sums = sums
        self._waiting: list[pa.Table] = []
        self._groups = 0
        self._writer: PartWriter | None = None

    def add(self, table: pa.Table) -> None:
        self._waiting.append(table)
        self._sums.see(table)
        waiting = sum(piece.num_rows for piece in self._waiting)
        if waiting >= ROWS_PER_GROUP:
            self._write(waiting - waiting % ROWS_PER_GROUP)

    def close(self) -> None:
        if self._waiting:
            self._write(sum(piece.num_rows for piece in self._waiting))
        self._close_part()

    def abandon(self) -> None:
        if self._writer is not None:
            self._writer.abandon()
            self._writer = None

    def _write(self, rows: int) -> None:
        table = pa.concat_tables(self._waiting)
        for start in range(0, rows, ROWS_PER_GROUP):
            if self._writer is None or self._groups % GROUPS_PER_PART == 0:
                self._writer = self._open_part()
            self._writer.write(table.slice(start, min(ROWS_PER_GROUP, rows - start)))
            self._groups += 1
        self._waiting = [table.slice(rows)] if rows < table.num_rows else []

    def _open_part(self) -> PartWriter:
        self._close_part()
        path = self.folder / f"part-{len(self.parts):05d}.parquet"
        self.parts.append(path)
        return PartWriter(path, self.schema)

    def _close_part(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
