"""An exported version as batch scoring uses it: what it says of itself, and its answers to Arrow tables."""

from __future__ import annotations

import hashlib
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tfelc.errors import ExportError, UsageError
from tfelc.export.feature_manifest import FeatureManifest
from tfelc.export.model_inputs import list_input, scalar_input
from tfelc.export.session_runner import SessionRunner
from tfelc.export.signatures import SERVING_DEFAULT
from tfelc.export.versions import list_versions
from tfelc.schema import Schema

Array = npt.NDArray[Any]
# The index holds a checksum of every weight.
_IDENTITY = ("saved_model.pb", "variables/variables.index")


class ExportedRanker:
    """One version of an exported ranker.

    The graph is loaded at the first `score`. `score` may be called from several threads at once.

    Args:
        path: The version's folder, BASE/<version>.

    Raises:
        UsageError: The folder is missing, or is not a version's but the base folder.
        ExportError: It holds no export of tfelc.

    Example:
        >>> ranker = ExportedRanker(Path("exports/ctr/3"))  # doctest: +SKIP
        >>> ranker.score(rows)["ctr"]  # doctest: +SKIP
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        if not self.path.is_dir():
            raise UsageError(f"{self.path}: no such folder; name an exported version, BASE/<version>")
        name = self.path.resolve().name
        if not (name.isascii() and name.isdigit()):
            versions = ", ".join(map(str, list_versions(self.path)))
            hint = f"it holds the versions {versions}: name one of them" if versions else "no version, BASE/<integer>"
            raise UsageError(f"{self.path}: {hint}")
        self.version = int(name)
        self.manifest = FeatureManifest.load(self.path)

    @property
    def schema(self) -> Schema:
        """The schema it was trained with."""
        return self.manifest.table

    @property
    def outputs(self) -> dict[str, str]:
        """Output -> TensorFlow's name of its type."""
        return {name: str(output["dtype"]) for name, output in self.manifest.outputs.items()}

    @property
    def probabilities(self) -> list[str]:
        """The outputs that are probabilities."""
        return [name for name, output in self.manifest.outputs.items() if len(output) > 1]

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the graph and the weights' checksums."""
        digest = hashlib.sha256()
        for name in _IDENTITY:
            try:
                digest.update((self.path / name).read_bytes())
            except OSError as error:
                raise ExportError(f"{self.path / name}: cannot be read: {error.strerror}") from None
        return digest.hexdigest()

    def load(self) -> None:
        """Loads the graph now rather than at the first `score`; raises ExportError where it cannot be."""
        _ = self.runner

    @cached_property
    def runner(self) -> SessionRunner:
        """The session; loaded when it is first asked for."""
        return SessionRunner(self.path)

    def inputs(self, rows: pa.Table) -> dict[str, Array]:
        """The model's inputs for rows.

        Args:
            rows: Its features, each in its `arrow_type`.
        """
        arrays = {}
        for name, column in self.schema.features.items():
            values = rows.column(name).combine_chunks()
            arrays[name] = list_input(column, values) if column.kind == "list" else scalar_input(name, column, values)
        return arrays

    def score(self, rows: pa.Table) -> dict[str, Array]:
        """Scores rows.

        Args:
            rows: Its features, each in its `arrow_type`; other columns are passed over.

        Returns:
            Output -> array of shape `(rows,)`.

        Raises:
            ExportError: A score is no finite number.
        """
        if not len(rows):
            return {name: np.empty(0, dtype) for name, dtype in self.outputs.items()}
        answers = self.runner.run(SERVING_DEFAULT, self.inputs(rows))
        for name in self.probabilities:
            if not np.isfinite(answers[name]).all():
                raise ExportError(f"{self.path}: output `{name}` is not finite; the export is unfit to score with")
        return {name: answers[name] for name in self.outputs}
