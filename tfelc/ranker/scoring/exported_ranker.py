"""An exported version as batch scoring uses it: what it says of itself, and its answers to Arrow tables."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tfelc.core.errors import ExportError
from tfelc.data.vector_values import vector_values
from tfelc.lifecycle.export.model_inputs import list_input, scalar_input
from tfelc.lifecycle.export.signatures import SERVING_DEFAULT
from tfelc.lifecycle.scoring.exported_model import ExportedModel
from tfelc.ranker.export.feature_manifest import FeatureManifest
from tfelc.schema.schema import Schema
from tfelc.schema.score import output_ranges
from tfelc.schema.task import CLUSTER_OUTPUTS

if TYPE_CHECKING:
    import pandas as pd

    from tfelc.data.log_source import LogInput

Array = npt.NDArray[Any]


class ExportedRanker(ExportedModel[FeatureManifest]):
    """One version of an exported ranker.

    `score` may be called from several threads at once.

    Args:
        path: The version's folder, BASE/<version>, or BASE, which stands for its latest version.

    Raises:
        UsageError: The folder is missing, or neither is a version nor holds one.
        ExportError: It holds no export of a ranker.

    Example:
        >>> ranker = ExportedRanker(Path("exports/ctr/3"))  # doctest: +SKIP
        >>> ranker.score(rows)["ctr"]  # doctest: +SKIP
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, FeatureManifest)

    @property
    def schema(self) -> Schema:
        """The schema it was trained with."""
        return self.manifest.schema_

    @property
    def outputs(self) -> dict[str, str]:
        """Output -> TensorFlow's name of its type."""
        return {name: str(output["dtype"]) for name, output in self.manifest.outputs.items()}

    @property
    def probabilities(self) -> list[str]:
        """The outputs that are probabilities, or quantities."""
        return [name for name, output in self.manifest.outputs.items() if len(output) > 1]

    @property
    def ranges(self) -> dict[str, tuple[float, float]]:
        """Output -> lower and upper end of what it can be."""
        of_clusters = dict(zip(CLUSTER_OUTPUTS, ((0.0, math.inf), (0.0, 1.0)), strict=True))
        found = output_ranges(self.schema.tasks) | of_clusters
        return {name: found.get(name, (-math.inf, math.inf)) for name in self.outputs}

    def inputs(self, rows: pa.Table) -> dict[str, Array]:
        """The model's inputs for rows.

        Args:
            rows: Its features, each in its `arrow_type`.
        """
        arrays = {}
        for name, column in self.schema.features.items():
            values = rows.column(name).combine_chunks()
            if column.kind == "list":
                arrays[name] = list_input(column, values, name in self.schema.sequence_columns)
            elif column.kind == "vector":
                arrays[name] = vector_values(values, column.width or 0)
            else:
                arrays[name] = scalar_input(name, column, values)
        return arrays

    def predict(self, data: LogInput, csv_delimiter: str | None = None) -> pd.DataFrame:
        """Scores rows as `Ranker.predict` does, from a DataFrame, an Arrow table or files.

        Args:
            data: The rows.
            csv_delimiter: What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv files.

        Raises:
            DataError: A feature is missing, or a value is none of its kind.
            ExportError: A score is no finite number.
        """
        from tfelc.data.conformed_log import conformed_tables
        from tfelc.ranker.scoring.scores_frame import scores_frame

        tables = conformed_tables(self.schema, data, list(self.schema.features), csv_delimiter)
        return scores_frame((self.score(rows) for rows in tables), data)

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
