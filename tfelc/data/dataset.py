"""A prepared dataset: a folder with a schema, a manifest and Parquet parts for train, validation and test."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tfelc.core.errors import DataError
from tfelc.data.contract import arrow_schema
from tfelc.data.delays.prepared_delays import refuse_other_delays
from tfelc.data.manifest import Manifest
from tfelc.data.row_groups import RowGroupReader
from tfelc.data.splits import SPLITS
from tfelc.schema.schema import Schema

# Bytes that are read at the start of a training to see whether they are whole: a second or two.
_MOST_VERIFIED = 2 << 30


class Dataset:
    """Opens a folder that `tfelc prepare` wrote.

    The folder's `schema.yaml` may be edited as long as the columns' types stay: a role, a table, a task or the choice
    of columns needs no new preparation.

    Args:
        path: The folder.

    Raises:
        DataError: There is no such folder, its manifest is missing or foreign, or the schema does not fit the parts.
        SchemaError: `schema.yaml` is missing or contradicts itself.

    Example:
        >>> data = Dataset(Path("data/kuairand"))  # doctest: +SKIP
        >>> data.rows("train")  # doctest: +SKIP
        149732
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise DataError(f"{self.path}: no such folder; write it with prepare.py")
        self.manifest = Manifest.load(self.path / "manifest.json")
        self.schema = Schema.load(self.path / "schema.yaml")
        for split in SPLITS:
            if not self.manifest.rows.get(split) or not self.manifest.files.get(split):
                raise DataError(f"{self.path}: the split `{split}` has no rows; prepare the dataset again")
        self.check(self.schema, "schema.yaml")
        refuse_other_delays(self.manifest, self.schema, f"{self.path}: schema.yaml", own=True)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the data, as the manifest states it."""
        return self.manifest.hash

    def rows(self, split: str) -> int:
        """Number of rows of a split."""
        return self.manifest.rows[self._known(split)]

    def files(self, split: str) -> list[Path]:
        """The Parquet parts of a split, in order.

        Raises:
            DataError: No such split, or a part is missing or not of the size that was written.
        """
        files = []
        for name, part in sorted(self.manifest.files[self._known(split)].items()):
            path = self.path / split / name
            try:
                size = path.stat().st_size
            except OSError:
                raise DataError(f"{path}: the part is missing; prepare the dataset again") from None
            if size != part.bytes:
                raise DataError(
                    f"{path}: the part is corrupt: {size} bytes, {part.bytes} were written; prepare the dataset again"
                )
            files.append(path)
        return files

    def tables(self, split: str, columns: Sequence[str]) -> Iterator[pa.Table]:
        """The rows of a split in the order of its parts, in pieces of some row groups.

        Args:
            split: Its name.
            columns: Columns wanted; strings come as dictionaries.
        """
        return RowGroupReader(self.files(split), list(columns), seed=0, window=1).tables(0, shuffle=False)

    def verify(self, splits: Sequence[str]) -> None:
        """Reads the parts of some splits and compares them with what was written, before hours are spent on others.

        Splits of more than 2 GiB in all are not read: a part is then found out when its rows are.

        Args:
            splits: Names of the splits.

        Raises:
            DataError: A part is missing, or holds other bytes than were written.
        """
        parts = [(path, self.manifest.files[split][path.name]) for split in splits for path in self.files(split)]
        if sum(part.bytes for _, part in parts) > _MOST_VERIFIED:
            return
        for path, part in parts:
            with path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != part.sha256:
                    raise DataError(f"{path}: the part is corrupt: its checksum differs; prepare the dataset again")

    def check(self, schema: Schema, whose: str = "the run's schema") -> None:
        """Checks that the parts hold the columns of a schema, in its types.

        Args:
            schema: The schema.
            whose: What to call it in the message.

        Raises:
            DataError: A column is missing or of another type, a label was prepared with another delay, or a part
                cannot be read.
        """
        for split in SPLITS:
            self._check_columns(self.files(split)[0], schema, whose)
        refuse_other_delays(self.manifest, schema, f"{self.path}: {whose}")

    def _known(self, split: str) -> str:
        if split not in self.manifest.files:
            raise DataError(f"{self.path}: no split `{split}`; it has {', '.join(s for s in SPLITS)}")
        return split

    def _check_columns(self, path: Path, schema: Schema, whose: str) -> None:
        try:
            written = pq.read_schema(path)
        except (OSError, pa.ArrowException) as error:
            raise DataError(f"{path}: the part is corrupt: {error}".replace("\n", " ")) from None
        for field in arrow_schema(schema):
            if field.name not in written.names:
                raise DataError(f"{path}: column `{field.name}` of {whose} is missing; prepare the dataset again")
            if (found := written.field(field.name).type) != field.type:
                raise DataError(
                    f"{path}: column `{field.name}` is {found}, {whose} asks for {field.type}; "
                    "prepare the dataset again"
                )
