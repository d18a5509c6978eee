"""What an exported ranker says of itself: features, tasks, signatures, and what it was trained on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tfelc import __version__
from tfelc.errors import ExportError
from tfelc.export.reference_statistics import ReferenceStatistics
from tfelc.export.signatures import describe, input_specs, missing_value, output_dtypes
from tfelc.features.fitted import FittedFeatures
from tfelc.models.ranking_model import RankingModel
from tfelc.schema import CLUSTER_OUTPUTS, Schema
from tfelc.task_chain import chain_of, joint_names

MANIFEST_FILE = Path("assets", "feature_manifest.json")
# What of `run.json` says where a score comes from.
_RUN_FACTS = ("started", "git_commit", "data", "data_hash", "schema_hash", "rows", "versions")


class FeatureManifest(BaseModel):
    """The content of `assets/feature_manifest.json`.

    Attributes:
        tfelc: Version of the package that exported.
        run: What was trained, when, on which data and by which versions.
        table: The schema that the ranker was trained with.
        features: Feature -> kind, role, type, what a missing value is sent as, a list's longest length, the number of
            known values, a number's mean and variance after its transform.
        tasks: Head -> label and the head it is given.
        outputs: Output -> type, and the task whose probability it is, or the product of which tasks'.
        signatures: Signature -> inputs and outputs with type and shape; null is a size of any length.
        reference: Distributions of features and scores on the validation split; None where its data was gone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    format: int = 1
    tfelc: str
    run: dict[str, Any]
    table: Schema = Field(alias="schema")
    features: dict[str, dict[str, Any]]
    tasks: dict[str, dict[str, Any]]
    outputs: dict[str, dict[str, Any]]
    signatures: dict[str, dict[str, Any]]
    reference: ReferenceStatistics | None = None

    @classmethod
    def of(
        cls,
        model: RankingModel,
        fitted: FittedFeatures,
        facts: Mapping[str, Any],
        reference: ReferenceStatistics | None = None,
    ) -> Self:
        """Describes a ranker.

        Args:
            model: The ranker.
            fitted: Its fitted features.
            facts: The content of the run's `run.json`.
            reference: Distributions that later ones are compared with.
        """
        heads = model.ranker.tasks
        outputs = output_dtypes(model)
        return cls(
            tfelc=__version__,
            run={name: facts[name] for name in _RUN_FACTS if name in facts},
            table=model.schema,
            features={name: _feature(model.schema, fitted, name) for name in model.schema.features},
            tasks={name: model.tasks[name].model_dump(include={"label", "given"}) for name in heads},
            outputs={name: {"dtype": dtype, **_meaning(model, name)} for name, dtype in outputs.items()},
            signatures={
                name: {
                    "inputs": describe(specs),
                    "outputs": {output: {"dtype": dtype, "shape": [None]} for output, dtype in outputs.items()},
                }
                for name, specs in input_specs(model.schema).items()
            },
            reference=reference,
        )

    @classmethod
    def load(cls, version: Path) -> Self:
        """Reads the manifest of an exported version.

        Raises:
            ExportError: The folder holds none, or a damaged one.
        """
        path = version / MANIFEST_FILE
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            raise ExportError(f"{version}: not an export of tfelc ({MANIFEST_FILE} is missing)") from None
        except (OSError, ValidationError) as error:
            raise ExportError(f"{path}: not a feature manifest: {str(error).splitlines()[0]}") from None

    def dump(self) -> str:
        """The manifest as JSON."""
        content = self.model_dump(mode="json", by_alias=True)
        content["schema"] = self.table.model_dump(mode="json", exclude_defaults=True)
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _feature(schema: Schema, fitted: FittedFeatures, name: str) -> dict[str, Any]:
    column = schema.columns[name]
    missing = missing_value(column)
    # JSON has no NaN.
    feature: dict[str, Any] = {
        "kind": column.kind,
        "role": column.role,
        "type": column.value_type,
        "missing": "NaN" if missing != missing else missing,
    }
    if column.kind == "number":
        statistics = fitted.numbers[name]
        return feature | {
            "default": column.default,
            "transform": column.transform,
            "mean": statistics.mean,
            "variance": statistics.variance,
        }
    if column.kind == "list":
        feature["max_length"] = column.max_length
    table, spec = schema.table_of(name)
    if spec.hash_buckets:
        return feature | {"table": table, "hash_buckets": spec.hash_buckets}
    return feature | {"table": table, "known_values": len(fitted.vocabularies[table])}


def _meaning(model: RankingModel, output: str) -> dict[str, Any]:
    if output in CLUSTER_OUTPUTS:
        return {}
    joints = joint_names(model.tasks, model.ranker.tasks)
    if output not in joints:
        return {"probability_of": model.tasks[output].label, "given": model.tasks[output].given}
    return {"product_of": chain_of(model.tasks, joints[output])}
