"""Tasks that write the parts of a prepared dataset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

import pyarrow as pa

from tfelc.data.manifest import PartFile
from tfelc.data.outcome_sums import OutcomeSums
from tfelc.data.part_writer import PartWriter
from tfelc.data.spark.preparation.slices import Slice, in_parts
from tfelc.data.spark.preparation.staged_rows import staged_batches
from tfelc.data.spark.preparation.task import Task
from tfelc.schema.schema import Schema


@dataclass(frozen=True)
class WriteParts(Task):
    """Writes a part as one machine does, under a name that no other attempt has; the driver gives it its own.

    Attributes:
        schema: The columns.
        parts: The rows of each part.
        rows_per_group: Rows of a row group.
    """

    schema: Schema
    parts: Sequence[Sequence[Slice]]
    rows_per_group: int

    def work(self, number: int) -> Any:
        """Gives the file, what a manifest says of it, and the sums of its labels."""
        path = Path(self.folder, f"{token_hex(16)}.parquet")
        sums = OutcomeSums(self.schema)
        writer = PartWriter(path, self.schema)
        try:
            for group in in_parts(self.parts[number], self.rows_per_group):
                rows = pa.concat_tables(list(self._rows(group)))
                sums.see(rows)
                writer.write(rows)
        except BaseException:
            writer.abandon()
            raise
        writer.close()
        return {"file": path.name, "part": PartFile.of(path).model_dump(), "sums": sums.said()}

    def _rows(self, slices: Sequence[Slice]) -> Iterator[pa.Table]:
        for each in slices:
            (rows,) = staged_batches(self.folder, each.file, [each.batch])
            yield rows.slice(each.start, each.rows)
