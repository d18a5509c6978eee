"""What an exported model says of itself, in a file among its assets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict

from tfelc.core.errors import ExportError
from tfelc.core.renamed_names import Rename, with_new_names

# What of `run.json` says where a score comes from.
_RUN_METADATA = (
    "started",
    "git_commit",
    "data",
    "data_hash",
    "schema_hash",
    "rows",
    "users",
    "items",
    "actions",
    "versions",
)


class Manifest(BaseModel):
    """What the manifests of all kinds of models hold.

    Attributes:
        file: Path of the manifest within a version.
        renames: Names of before, which are read as those of today.
        tfelc: Version of the package that exported.
        run: What was trained, when, on which data and by which versions.
        signatures: Signature -> inputs and outputs with type and shape; null is a size of any length, and a null shape
            one of any rank.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    file: ClassVar[Path]
    renames: ClassVar[tuple[Rename, ...]] = ()

    format: int = 1
    tfelc: str
    run: dict[str, Any]
    signatures: dict[str, dict[str, Any]]

    @classmethod
    def load(cls, version: Path) -> Self:
        """Reads the manifest of an exported version.

        Raises:
            ExportError: The folder holds none, that of another kind of model, or a damaged one.
        """
        path = version / cls.file
        try:
            content = json.loads(path.read_bytes())
            if isinstance(content, dict):
                content = with_new_names(content, cls.renames, str(path))
            return cls.model_validate(content)
        except FileNotFoundError:
            others = sorted(other.name for other in path.parent.glob("*_manifest.json"))
            if others:
                raise ExportError(
                    f"{version}: an export of another kind of model: it holds {others[0]}, not {path.name}"
                ) from None
            raise ExportError(f"{version}: not an export of tfelc ({cls.file} is missing)") from None
        except (OSError, ValueError) as error:
            raise ExportError(f"{path}: not a {path.stem.replace('_', ' ')}: {str(error).splitlines()[0]}") from None

    def dump(self) -> str:
        """The manifest as JSON."""
        return json.dumps(self.content(), indent=1, ensure_ascii=False) + "\n"

    def content(self) -> dict[str, Any]:
        """What `dump` writes."""
        return self.model_dump(mode="json", by_alias=True)


def run_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What a manifest repeats of a run's `run.json`."""
    return {name: metadata[name] for name in _RUN_METADATA if name in metadata}
