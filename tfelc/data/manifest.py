"""What a prepared folder says about itself."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import pyarrow.parquet as pq
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from tfelc.core.errors import DataError


class PartFile(BaseModel):
    """One Parquet file of a split, as it was written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    bytes: int
    sha256: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """A file as it lies on the disk."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return cls(rows=pq.read_metadata(path).num_rows, bytes=path.stat().st_size, sha256=digest)


class Manifest(BaseModel):
    """The content of `manifest.json`.

    Attributes:
        source: What the rows were made from, in words.
        seed: Seed of everything random in the preparation.
        rows: Rows of each split.
        label_rates: Mean of each label and value, by split; over the rows where it is known, if there are any.
        schema_hash: SHA-256 of the schema that the parts were written with.
        files: The parts by split and name.
        hash: SHA-256 over the names and checksums of all parts: two folders with equal rows have the same.
        metadata: What else is known, such as `best_possible_auc` of a simulated log.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = 1
    source: str
    seed: int
    rows: dict[str, int]
    schema_hash: str
    files: dict[str, dict[str, PartFile]]
    hash: str
    label_rates: dict[str, dict[str, float]] = {}
    # It used to be written as `facts`.
    metadata: dict[str, Any] = Field(default={}, validation_alias=AliasChoices("metadata", "facts"))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads a manifest.

        Raises:
            DataError: The file is missing, or no manifest of tfelc's.
        """
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise DataError(f"{path.parent}: no prepared dataset ({path.name} is missing); run prepare.py") from None
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror}") from None
        except ValidationError as error:
            first = error.errors()[0]
            reason = ": ".join([*map(str, first["loc"]), first["msg"]])
            raise DataError(f"{path}: not the manifest of a prepared dataset: {reason}") from None


def hash_of(files: Mapping[str, Mapping[str, PartFile]]) -> str:
    """SHA-256 over the parts' names and checksums."""
    lines = sorted(f"{split}/{name} {part.sha256}\n" for split, parts in files.items() for name, part in parts.items())
    return hashlib.sha256("".join(lines).encode()).hexdigest()
