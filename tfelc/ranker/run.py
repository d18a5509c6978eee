"""The run folder of a ranker: schema and fitted features beside what every run has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from tfelc.core.errors import RunError, UsageError
from tfelc.data.dataset import Dataset
from tfelc.features.feature_counts import FeatureCounts
from tfelc.features.fitted import FittedFeatures
from tfelc.lifecycle.run import Run
from tfelc.lifecycle.training.checkpoint import load_checkpoint
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.without_auto import BEFORE, without_auto
from tfelc.schema.schema import Schema
from tfelc.schema.task_chain import absent_outputs

if TYPE_CHECKING:
    from tfelc.ranker.models.ranking_model import RankingModel


# The folder of a dataset that belongs to the run.
_OWN_DATA = "data"


class RankerRun(Run[RankerSettings]):
    """A ranker's run: `schema.yaml`, `features.json` and `counts.json` beside the files of `Run`."""

    kind = "ranker"
    settings_class = RankerSettings
    metadata_types = {"tasks": list}

    @classmethod
    def create(
        cls,
        path: Path,
        settings: RankerSettings,
        dataset: Dataset,
        tasks: list[str],
        fitted: FittedFeatures,
        owns_data: bool = False,
        auto: Mapping[str, Any] | None = None,
        counts: FeatureCounts | None = None,
        warm_start: Mapping[str, Any] | None = None,
    ) -> RankerRun:
        """Makes the run folder of a ranker that is about to be trained.

        Args:
            path: Path. The folder.
            settings: RankerSettings. The settings.
            dataset: Dataset. What is trained on.
            tasks: List of str. The tasks that are predicted.
            fitted: FittedFeatures. What the features were fitted to.
            owns_data: bool. Whether the dataset is to be moved to `own_data`. Defaults to False.
            auto: Mapping. The settings that were `auto`, by dotted name, and what they came to. Defaults to none.
            counts: FeatureCounts. What the features were fitted from, for a training that starts from this one.
                Defaults to none.
            warm_start: Mapping. What the run starts from. Defaults to None: from nothing.

        Raises:
            RunError: The folder exists and is not empty.
        """
        return cls.create_folder(
            path,
            {
                "config.yaml": settings.dump(),
                "schema.yaml": _without_idle_score(dataset.schema, tasks).dump(),
                "features.json": fitted.dump(),
                **({"counts.json": counts.dump()} if counts else {}),
            },
            {
                "tasks": tasks,
                "data": _OWN_DATA if owns_data else str(dataset.path.absolute()),
                "data_hash": dataset.hash,
                "schema_hash": dataset.schema.hash(),
                "rows": dataset.manifest.rows,
                "auto": dict(auto or {}),
                **({"warm_start": dict(warm_start)} if warm_start else {}),
            },
        )

    @property
    def own_data(self) -> Path:
        """Where the dataset lies that belongs to the run, if one does."""
        return self.path / _OWN_DATA

    @cached_property
    def settings(self) -> RankerSettings:
        """The run's settings, none of them `auto`; raises RunError when they are missing or changed."""
        return without_auto(super().settings, BEFORE)[0]

    @cached_property
    def schema(self) -> Schema:
        """The schema that the run was trained with; raises RunError when it is missing or changed."""
        return Schema.load(self.unchanged("schema.yaml"))

    @cached_property
    def fitted(self) -> FittedFeatures:
        """The fitted features; raises RunError when they are missing or changed."""
        return FittedFeatures.load(self.unchanged("features.json"))

    @property
    def counts(self) -> FeatureCounts | None:
        """What its features were fitted from; None for a run of a version that kept none.

        Raises:
            RunError: The file is missing or changed.
        """
        return FeatureCounts.load(self.unchanged("counts.json")) if "counts.json" in self.metadata["files"] else None

    def dataset(self, path: Path | None = None) -> Dataset:
        """The dataset that the run was trained on, or another to measure it on.

        Args:
            path: Path. The folder of another one. Defaults to None: the run's own.

        Raises:
            RunError: The run's own dataset has changed since.
            DataError: The folder is no prepared dataset.
        """
        dataset = Dataset(path or self.path / self.metadata["data"])
        if path is None and dataset.hash != self.metadata["data_hash"]:
            raise RunError(
                f"{self.path}: {dataset.path} holds other data than the run was trained on (its hash differs); "
                "name it by `data` to measure the run on it",
                ["data"],
            )
        return dataset

    def refuse_incomparable(self, other: RankerRun) -> None:
        """Raises UsageError where the other run learned from other data, or none of the same tasks."""
        mine, theirs = self.metadata, other.metadata
        if mine["data_hash"] != theirs["data_hash"]:
            raise UsageError(
                f"{other.path}: was trained on other data ({theirs['data']}) than {self.path} ({mine['data']}); "
                "compare runs on the same data"
            )
        if not set(mine["tasks"]) & set(theirs["tasks"]):
            raise UsageError(
                f"{other.path}: predicts none of {', '.join(mine['tasks'])}, the tasks of {self.path}; compare runs "
                "that share a task"
            )

    def model(self, precision: Literal["float32", "mixed_bfloat16"] | None = None) -> RankingModel:
        """The ranker with its best weights.

        Args:
            precision: `float32` or `mixed_bfloat16`. What to compute in; the weights are the same. Defaults to None:
                what the run was trained in.

        Raises:
            RunError: The folder is no run, or is damaged.
        """
        # Imported here, so that a run can be opened without TensorFlow.
        from tfelc.ranker.models.ranking_model import RankingModel

        tasks, settings = self.metadata["tasks"], self.settings
        if precision is not None:
            training = settings.training.model_copy(update={"precision": precision})
            settings = settings.model_copy(update={"training": training})
        model = RankingModel.build(self.schema, self.fitted, tasks, settings)
        load_checkpoint(self.best, {"ranker": model.ranker.variables})
        return model


def _without_idle_score(schema: Schema, tasks: Sequence[str]) -> Schema:
    """The schema, without its `score` where that reads outputs which a ranker of these tasks does not have."""
    return schema.model_copy(update={"score": None}) if absent_outputs(schema.score, schema.tasks, tasks) else schema
