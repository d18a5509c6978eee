"""The run folder of a ranker: schema and fitted features beside what every run has."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tfelc.core.errors import RunError, UsageError
from tfelc.data.dataset import Dataset
from tfelc.features.fitted import FittedFeatures
from tfelc.lifecycle.training.checkpoint import load_checkpoint
from tfelc.lifecycle.training.run_folder import RunFolder
from tfelc.ranker.models.ranking_model import RankingModel
from tfelc.ranker.settings import RankerSettings
from tfelc.schema.schema import Schema


class RankerRun(RunFolder):
    """A ranker's run: `schema.yaml` and `features.json` beside the files of `RunFolder`."""

    kind = "ranker"
    metadata_types = {"tasks": list}

    @classmethod
    def create(
        cls, path: Path, config: RankerSettings, dataset: Dataset, tasks: list[str], fitted: FittedFeatures
    ) -> RankerRun:
        """Starts a run folder.

        Raises:
            RunError: The folder exists and is not empty.
        """
        return cls.make(
            path,
            {"config.yaml": config.dump(), "schema.yaml": dataset.schema.dump(), "features.json": fitted.dump()},
            {
                "tasks": tasks,
                "data": str(dataset.path.absolute()),
                "data_hash": dataset.hash,
                "schema_hash": dataset.schema.hash(),
                "rows": dataset.manifest.rows,
            },
        )

    def config(self) -> RankerSettings:
        """The run's settings; raises RunError when they are missing or changed."""
        return RankerSettings.load(self.unchanged("config.yaml"))

    def schema(self) -> Schema:
        """The schema that the run was trained with; raises RunError when it is missing or changed."""
        return Schema.load(self.unchanged("schema.yaml"))

    def fitted(self) -> FittedFeatures:
        """The fitted features; raises RunError when they are missing or changed."""
        return FittedFeatures.load(self.unchanged("features.json"))

    def dataset(self, path: Path | None = None) -> Dataset:
        """The dataset that the run was trained on, or another to measure it on.

        Raises:
            RunError: The run's own dataset has changed since.
            DataError: The folder is no prepared dataset.
        """
        metadata = self.metadata()
        dataset = Dataset(path or Path(metadata["data"]))
        if path is None and dataset.hash != metadata["data_hash"]:
            raise RunError(
                f"{self.path}: {dataset.path} holds other data than the run was trained on (its hash differs); "
                "name it by --data to measure the run on it"
            )
        return dataset

    def refuse_incomparable(self, other: RankerRun) -> None:
        """Raises UsageError where the other run learned from other data, or none of the same tasks."""
        mine, theirs = self.metadata(), other.metadata()
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
            precision: What to compute in instead of what the run was trained in; the weights are the same.

        Raises:
            RunError: The folder is no run, or is damaged.
        """
        heads, config = self.metadata()["tasks"], self.config()
        if precision is not None:
            config = config.model_copy(update={"training": config.training.model_copy(update={"precision": precision})})
        model = RankingModel.build(self.schema(), self.fitted(), heads, config)
        load_checkpoint(self.best, {"ranker": model.ranker.variables})
        return model
