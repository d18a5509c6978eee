"""The run folder of a next-item model: the catalog beside what every run has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tfelc.core.atomic_files import atomic_write
from tfelc.core.errors import RunError, UsageError
from tfelc.lifecycle.training.checkpoint import load_checkpoint
from tfelc.lifecycle.training.run_folder import RunFolder
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.data.sources import DATASETS, load_sequences
from tfelc.next_item.data.splits import SequenceSplits, global_time, leave_one_out
from tfelc.next_item.models.sequential_recommender import SequentialRecommender
from tfelc.next_item.settings import NextItemSettings, SplitSettings


class SequenceRun(RunFolder):
    """A next-item run: `catalog.json` holds the raw item ids, in the order of their numbers from 1."""

    kind = "next_item"
    metadata_types = {"users": int, "items": int, "actions": int}

    @classmethod
    def create(cls, path: Path, config: NextItemSettings, sequences: Sequences, source: str) -> SequenceRun:
        """Starts a run folder.

        Args:
            path: The folder.
            config: Settings.
            sequences: What is trained on.
            source: Where they came from: the name of a data set, or the path of a file.

        Raises:
            RunError: The folder exists and is not empty.
        """
        return cls.make(
            path,
            {"config.yaml": config.dump(), "catalog.json": json.dumps(sequences.catalog.tolist())},
            {
                "data": source if source in DATASETS else str(Path(source).absolute()),
                "data_hash": sequences.hash,
                "users": sequences.num_users,
                "items": sequences.num_items,
                "actions": len(sequences.actions),
            },
        )

    def config(self) -> NextItemSettings:
        """The run's settings; raises RunError when they are missing or changed."""
        return NextItemSettings.load(self.unchanged("config.yaml"))

    def catalog(self) -> list[int] | list[str]:
        """Raw item ids by item number less 1; raises RunError when the file is missing or changed."""
        # Version 0.1.0 wrote it as `catalogue.json`.
        name = "catalog.json" if "catalog.json" in self.metadata()["files"] else "catalogue.json"
        ids: list[int] | list[str] = json.loads(self.unchanged(name).read_text(encoding="utf-8"))
        return ids

    def sequences(self, source: str | None = None) -> Sequences:
        """The sequences that the run was trained on.

        Args:
            source: Where they are now: the name of a data set, or the path of a file. Defaults to where they were.

        Raises:
            RunError: They have changed since.
            DataError: They cannot be read.
        """
        metadata = self.metadata()
        source = metadata["data"] if source is None else source
        sequences = load_sequences(source)
        if sequences.hash != metadata["data_hash"]:
            raise RunError(f"{self.path}: was trained on other sequences than {source} holds now")
        return sequences

    def refuse_incomparable(self, other: SequenceRun) -> None:
        """Raises UsageError where the other run ranks other examples, so that users cannot be compared one by one."""
        if self.metadata()["data_hash"] != other.metadata()["data_hash"]:
            raise UsageError(
                f"{other.path}: was trained on other data ({other.metadata()['data']}) than {self.path} "
                f"({self.metadata()['data']}); compare runs on the same data"
            )
        mine, theirs = self.config().split.protocol, other.config().split.protocol
        if mine != theirs:
            raise UsageError(
                f"{other.path}: its split.protocol is {theirs}, and that of {self.path} is {mine}; compare runs of the "
                "same protocol"
            )

    def write_ranks(self, users: NDArray[Any], ranks: NDArray[np.int32]) -> None:
        """Writes `ranks.parquet`: the rank of each test user's item, to compare runs user by user."""
        with atomic_write(self.path / "ranks.parquet") as temporary:
            pq.write_table(pa.table({"user": users, "rank": ranks}), temporary)

    def ranks(self) -> tuple[NDArray[Any], NDArray[np.int32]]:
        """Users and ranks as `write_ranks` took them; raises RunError where the run was not measured to its end."""
        try:
            table = pq.read_table(self.path / "ranks.parquet")
        except (OSError, pa.ArrowInvalid):
            raise RunError(f"{self.path / 'ranks.parquet'}: missing or damaged; train to the end, or again") from None
        return table["user"].to_numpy(), table["rank"].to_numpy()

    def model(self) -> SequentialRecommender:
        """The model with its best weights.

        Raises:
            RunError: The folder is no run, or is damaged.
        """
        metadata = self.metadata()
        # What an item's count is does not matter to scores, only to the draws of training.
        model = build_model(self.config(), metadata["items"], np.ones(metadata["items"], np.int64))
        load_checkpoint(self.best, {"model": model.variables}, model.former_variables)
        return model


def split(sequences: Sequences, config: SplitSettings) -> SequenceSplits:
    """The splits of the protocol that the settings name."""
    return leave_one_out(sequences) if config.protocol == "leave_one_out" else global_time(sequences)


def build_model(config: NextItemSettings, items: int, counts: NDArray[np.int64]) -> SequentialRecommender:
    """An untrained model.

    Args:
        config: Settings.
        items: Items of the catalog.
        counts: How often each item is a target in training, by item number less 1.
    """
    return config.model.create(items, config.split.max_length, counts, config.training.seed)
