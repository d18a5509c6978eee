"""Streams rows into a prepared dataset; the folder appears whole or not at all."""

from __future__ import annotations

import glob
import hashlib
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from tfelc.core.atomic_files import write_text
from tfelc.core.errors import DataError
from tfelc.core.temporary_folder import temporary_folder
from tfelc.data.checks.log_checks import LogChecks
from tfelc.data.contract import arrow_schema, conform
from tfelc.data.manifest import Manifest, PartFile, hash_of
from tfelc.data.negative_sampling import NegativeSampling
from tfelc.data.splits import SPLITS
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
        self.seed = seed
        self.metadata: dict[str, Any] = {}
        self._temporary = self.out.absolute().with_name(f".{self.out.absolute().name}.{os.getpid()}.part")
        self._held = ExitStack()
        self._sampling = NegativeSampling(schema, seed)
        self._splits = {split: _Split(self._temporary / split, schema) for split in SPLITS}

    def __enter__(self) -> Self:
        with self._reported():
            if self.out.exists() and (not self.out.is_dir() or any(self.out.iterdir())):
                raise DataError(f"{self.out}: exists and is not empty; choose another folder or remove it")
            self.out.absolute().parent.mkdir(parents=True, exist_ok=True)
            pattern = f".{glob.escape(self.out.absolute().name)}.*.part"
            self._held.enter_context(temporary_folder(self._temporary.parent, pattern, self._make))
        return self

    def _make(self) -> Path:
        for split in SPLITS:
            (self._temporary / split).mkdir(parents=True)
        return self._temporary

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                with self._reported():
                    self._finish()
        finally:
            for split in self._splits.values():
                split.abandon()
            self._held.close()

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
            with self._reported():
                self._splits[split].add(rows)

    def folder(self, name: str) -> Path:
        """A folder of that name, which will stand beside the splits."""
        path = self._temporary / name
        with self._reported():
            path.mkdir()
        return path

    @property
    def rows(self) -> dict[str, int]:
        """Rows written so far, by split."""
        return {name: split.rows for name, split in self._splits.items()}

    def warn(self, checks: LogChecks) -> None:
        """Puts what is suspicious about the rows into the metadata, under `warnings`; when all rows are there."""
        rates = {name: split.label_rates for name, split in self._splits.items() if split.rows}
        if warnings := checks.warnings(rates, self._unknown_labels()):
            self.metadata["warnings"] = warnings

    def _unknown_labels(self) -> dict[str, dict[str, int]]:
        """Label that is not known in some rows -> split -> so many."""
        labels = [name for name in self.schema.outcomes if name in self.schema.nullable_labels]
        found = {label: {name: split.unknown[label] for name, split in self._splits.items()} for label in labels}
        return {label: counts for label, counts in found.items() if any(counts.values())}

    def _finish(self) -> None:
        for name, split in self._splits.items():
            if split.rows == 0:
                raise DataError(f"{self.source}: the split `{name}` has no rows; train, validation and test need some")
            split.close()
        if unknown := self._unknown_labels():
            self.metadata["unknown_labels"] = unknown
        self.metadata.update(self._sampling.metadata)
        files = {name: {path.name: _part_file(path) for path in split.parts} for name, split in self._splits.items()}
        manifest = Manifest(
            source=self.source,
            seed=self.seed,
            rows=self.rows,
            label_rates={name: split.label_rates for name, split in self._splits.items()},
            schema_hash=self.schema.hash(),
            files=files,
            hash=hash_of(files),
            metadata=self.metadata,
        )
        write_text(self._temporary / "schema.yaml", self.schema.dump())
        write_text(self._temporary / "manifest.json", manifest.model_dump_json(indent=2) + "\n")
        os.replace(self._temporary, self.out)

    @contextmanager
    def _reported(self) -> Iterator[None]:
        """Turns what the disk says into one line that names the folder."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or " ".join(str(error).split())
            if error.filename not in (None, str(self.out)):
                reason += f" ({error.filename})"
            raise DataError(f"{self.out}: cannot be written: {reason}") from error


class _Split:
    """The parts of one split, and the rows that do not fill a row group yet."""

    def __init__(self, folder: Path, schema: Schema) -> None:
        self.folder = folder
        self.schema = arrow_schema(schema)
        self.rows = 0
        self._sums: dict[str, float] = dict.fromkeys(schema.outcomes, 0)
        # Of labels that need not be known: in how many rows they are not.
        self.unknown = {name: 0 for name in schema.outcomes if name in schema.nullable_labels}
        self.parts: list[Path] = []
        self._waiting: list[pa.Table] = []
        self._groups = 0
        self._writer: pq.ParquetWriter | None = None

    def add(self, table: pa.Table) -> None:
        self._waiting.append(table)
        self.rows += table.num_rows
        for label in self._sums:
            self._sums[label] += pc.sum(table[label]).as_py() or 0
        for label in self.unknown:
            self.unknown[label] += table[label].null_count
        waiting = sum(piece.num_rows for piece in self._waiting)
        if waiting >= ROWS_PER_GROUP:
            self._write(waiting - waiting % ROWS_PER_GROUP)

    @property
    def label_rates(self) -> dict[str, float]:
        """Mean of each label over the rows where it is known, if there are any."""
        known = {label: self.rows - self.unknown.get(label, 0) for label in self._sums}
        return {label: total / known[label] for label, total in self._sums.items() if known[label]}

    def close(self) -> None:
        if self._waiting:
            self._write(sum(piece.num_rows for piece in self._waiting))
        self._close_part()

    def abandon(self) -> None:
        if self._writer is not None:
            with suppress(OSError, pa.ArrowException):
                self._writer.close()
            self._writer = None

    def _write(self, rows: int) -> None:
        table = pa.concat_tables(self._waiting)
        for start in range(0, rows, ROWS_PER_GROUP):
            if self._writer is None or self._groups % GROUPS_PER_PART == 0:
                self._writer = self._open_part()
            # One contiguous group, or the pieces' borders would show in the file.
            group = table.slice(start, min(ROWS_PER_GROUP, rows - start)).combine_chunks()
            self._writer.write_table(group, row_group_size=ROWS_PER_GROUP)
            self._groups += 1
        self._waiting = [table.slice(rows)] if rows < table.num_rows else []

    def _open_part(self) -> pq.ParquetWriter:
        self._close_part()
        path = self.folder / f"part-{len(self.parts):05d}.parquet"
        self.parts.append(path)
        return pq.ParquetWriter(path, self.schema, compression="zstd", write_page_checksum=True)

    def _close_part(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None
            with self.parts[-1].open("rb") as file:
                os.fsync(file.fileno())


def _part_file(path: Path) -> PartFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return PartFile(rows=pq.read_metadata(path).num_rows, bytes=path.stat().st_size, sha256=digest)
