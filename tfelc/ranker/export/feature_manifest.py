"""What an exported ranker says of itself: features, tasks, signatures, and what it was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field

from tfelc import __version__
from tfelc.core.renamed_names import Rename
from tfelc.features.fitted import FittedFeatures
from tfelc.lifecycle.export.manifest import Manifest, run_metadata
from tfelc.lifecycle.export.signatures import describe
from tfelc.ranker.export.reference_statistics import ReferenceStatistics
from tfelc.ranker.export.signatures import RANK_TOP, input_specs, missing_value, output_dtypes
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.schema.renames import SCHEMA_RENAMES
from tfelc.schema.schema import Schema
from tfelc.schema.score import POSITION_OUTPUT, SCORE_OUTPUT
from tfelc.schema.task import CLUSTER_OUTPUTS, Task
from tfelc.schema.task_chain import chain_of, joint_names

MANIFEST_FILE = Path("assets", "feature_manifest.json")


class FeatureManifest(Manifest):
    """The content of `assets/feature_manifest.json`.

    Attributes:
        schema_: The schema that the ranker was trained with.
        features: Feature -> kind, role, type, what a missing value is sent as, a list's longest length, the number of
            known values, a number's mean and variance after its transform.
        tasks: Head -> label, the task that it is conditioned on, and its kind where it predicts a quantity.
        outputs: Output -> type, and the label whose probability or expected value it is, the product of which tasks'
            outputs, or the formula of `score`.
        reference: Distributions of features and scores on the validation split; None where its data was gone.
    """

    file: ClassVar[Path] = MANIFEST_FILE
    renames: ClassVar[tuple[Rename, ...]] = (
        *(Rename(f"schema.{rename.old}", f"schema.{rename.new}", rename.values) for rename in SCHEMA_RENAMES),
        Rename("tasks.*.given", "tasks.*.conditioned_on"),
        Rename("outputs.*.given", "outputs.*.conditioned_on"),
    )

    schema_: Schema = Field(alias="schema")
    features: dict[str, dict[str, Any]]
    tasks: dict[str, dict[str, Any]]
    outputs: dict[str, dict[str, Any]]
    reference: ReferenceStatistics | None = None

    @classmethod
    def of(
        cls,
        model: RankingModel,
        fitted: FittedFeatures,
        metadata: Mapping[str, Any],
        reference: ReferenceStatistics | None = None,
    ) -> Self:
        """Describes a ranker.

        Args:
            model: The ranker.
            fitted: Its fitted features.
            metadata: The content of the run's `run.json`.
            reference: Distributions that later ones are compared with.
        """
        heads = model.ranker.tasks
        outputs = output_dtypes(model)
        return cls(
            tfelc=__version__,
            run=run_metadata(metadata),
            schema_=model.schema,
            features={name: _feature(model.schema, fitted, name) for name in model.schema.features},
            tasks={name: _task(model.tasks[name]) for name in heads},
            outputs={name: {"dtype": dtype, **_meaning(model, name)} for name, dtype in outputs.items()},
            signatures={
                name: {
                    "inputs": describe(specs),
                    "outputs": {
                        output: {"dtype": dtype, "shape": [None]}
                        for output, dtype in {
                            **outputs,
                            **({POSITION_OUTPUT: "int64"} if name == RANK_TOP else {}),
                        }.items()
                    },
                }
                for name, specs in input_specs(model.schema).items()
            },
            reference=reference,
        )

    def content(self) -> dict[str, Any]:
        """What `dump` writes."""
        return {**super().content(), "schema": self.schema_.model_dump(mode="json", exclude_defaults=True)}


def _task(task: Task) -> dict[str, Any]:
    return task.model_dump(include={"label", "conditioned_on", *(("kind",) if task.is_value else ())})


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
    if column.kind == "list":
        feature["max_length"] = column.max_length
    if column.kind == "vector":
        feature["width"] = column.width
    if not column.is_embedded:
        statistics = fitted.numbers[name]
        return feature | {
            "default": column.default,
            "transform": column.transform,
            "mean": statistics.mean,
            "variance": statistics.variance,
        }
    table, spec = schema.table_of(name)
    if spec.hash_buckets:
        feature |= {"table": table, "hash_buckets": spec.hash_buckets}
        return feature if spec.hash_functions == 1 else feature | {"hash_functions": spec.hash_functions}
    return feature | {"table": table, "known_values": len(fitted.vocabularies[table])}


def _meaning(model: RankingModel, output: str) -> dict[str, Any]:
    if output in CLUSTER_OUTPUTS:
        return {}
    if output == SCORE_OUTPUT:
        return {"formula": model.schema.score}
    joints = joint_names(model.tasks, model.ranker.tasks)
    if output not in joints:
        task = model.tasks[output]
        meaning = "value_of" if task.is_value else "probability_of"
        return {meaning: task.label, "conditioned_on": task.conditioned_on}
    return {"product_of": chain_of(model.tasks, joints[output])}
