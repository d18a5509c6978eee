"""A prepared dataset that is being made; the folder appears whole or not at all."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tfelc.core.atomic_files import write_text
from tfelc.core.errors import DataError
from tfelc.core.temporary_folder import temporary_folder
from tfelc.data.checks.log_checks import LogChecks
from tfelc.data.manifest import Manifest, PartFile, hash_of
from tfelc.data.outcome_sums import OutcomeSums
from tfelc.data.splits import SPLITS
from tfelc.schema.schema import Schema


class UnfinishedDataset:
    """A folder under a temporary name beside `out`, with one for each split; a context manager that removes it.

    Args:
        out: The folder to make. An empty one may exist.
        schema: Columns of the rows.
        source: What the rows were made from, in words, for the manifest.
        seed: Seed of everything random in the preparation, for the manifest.

    Attributes:
        path: The folder's name for the time being.
        sums: Split -> its rows and labels, to be counted by who writes them.
        metadata: What is to stand in the manifest.

    Raises:
        DataError: `out` exists and is not empty, or cannot be written.
    """

    def __init__(self, out: Path, schema: Schema, source: str, seed: int) -> None:
        self.out = Path(out)
        self.schema = schema
        self.source = source
        self.seed = seed
        self.metadata: dict[str, Any] = {}
        self.sums = {split: OutcomeSums(schema) for split in SPLITS}
        self.path = self.beside("part")
        self._held = ExitStack()

    def beside(self, ending: str) -> Path:
        """A temporary name beside `out`, which the next preparation of `out` removes where this one was killed."""
        return self.out.absolute().with_name(f".{self.out.absolute().name}.{os.getpid()}.{ending}")

    def __enter__(self) -> Self:
        with self.reported():
            if self.out.exists() and (not self.out.is_dir() or any(self.out.iterdir())):
                raise DataError(f"{self.out}: exists and is not empty; choose another folder or remove it")
            self.out.absolute().parent.mkdir(parents=True, exist_ok=True)
            self.hold(self.path, SPLITS)
        return self

    def hold(self, path: Path, folders: Sequence[str] = ()) -> None:
        """Makes a folder that `beside` names, with folders inside, to be removed at the end of the block."""

        def make() -> Path:
            path.mkdir()
            for name in folders:
                (path / name).mkdir()
            return path

        pattern = f".{glob.escape(self.out.absolute().name)}.*.part"
        with self.reported():
            self._held.enter_context(temporary_folder(path.parent, pattern, make))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._held.close()

    def folder(self, name: str) -> Path:
        """A folder of that name, which will stand beside the splits."""
        path = self.path / name
        with self.reported():
            path.mkdir()
        return path

    def warn(self, checks: LogChecks) -> None:
        """Puts what is suspicious about the rows into the metadata, under `warnings`; when all rows are there."""
        rates = {name: sums.rates for name, sums in self.sums.items() if sums.rows}
        if warnings := checks.warnings(rates, self._unknown_labels()):
            self.metadata["warnings"] = warnings

    def refuse_empty_splits(self) -> None:
        """Raises DataError where a split has no rows."""
        for name, sums in self.sums.items():
            if not sums.rows:
                raise DataError(f"{self.source}: the split `{name}` has no rows; train, validation and test need some")

    def finish(self, files: Mapping[str, Mapping[str, PartFile]], more: Mapping[str, Any], *marks: str) -> None:
        """Writes the schema and the manifest, and gives the folder its name.

        Args:
            files: The parts by split and name.
            more: What is to stand in the manifest's metadata besides, at its end.
            *marks: Names of empty files that say that all is there.
        """
        if unknown := self._unknown_labels():
            self.metadata["unknown_labels"] = unknown
        self.metadata.update(more)
        manifest = Manifest(
            source=self.source,
            seed=self.seed,
            rows={name: sums.rows for name, sums in self.sums.items()},
            label_rates={name: sums.rates for name, sums in self.sums.items()},
            schema_hash=self.schema.hash(),
            files={name: dict(parts) for name, parts in files.items()},
            hash=hash_of(files),
            metadata=self.metadata,
        )
        with self.reported():
            write_text(self.path / "schema.yaml", self.schema.dump())
            write_text(self.path / "manifest.json", manifest.model_dump_json(indent=2) + "\n")
            for mark in marks:
                write_text(self.path / mark, "")
            os.replace(self.path, self.out)

    def _unknown_labels(self) -> dict[str, dict[str, int]]:
        """Label that is not known in some rows -> split -> so many."""
        labels = [name for name in self.schema.outcomes if name in self.schema.nullable_labels]
        found = {label: {name: sums.unknown[label] for name, sums in self.sums.items()} for label in labels}
        return {label: counts for label, counts in found.items() if any(counts.values())}

    @contextmanager
    def reported(self) -> Iterator[None]:
        """Turns what the disk says into one line that names the folder."""
        try:
            yield
        except OSError as error:
            reason = error.strerror or " ".join(str(error).split())
            if error.filename not in (None, str(self.out)):
                reason += f" ({error.filename})"
            raise DataError(f"{self.out}: cannot be written: {reason}") from error
