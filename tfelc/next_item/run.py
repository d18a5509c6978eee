"""The run folder of a next-item model: the catalog beside what every run has."""

from __future__ import annotations

import json
import warnings
from collections.abc import Collection, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from tfelc.core.atomic_files import atomic_write
from tfelc.core.data_warning import DataWarning
from tfelc.core.errors import RunError, UsageError
from tfelc.lifecycle.run import Run
from tfelc.lifecycle.training.checkpoint import load_checkpoint
from tfelc.next_item.data.chosen_protocol import chosen_protocol
from tfelc.next_item.data.evaluated_users import most_users, with_most_users
from tfelc.next_item.data.item_attributes import ItemAttributes
from tfelc.next_item.data.item_table import read_item_table
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.data.sources import lasting, load_sequences
from tfelc.next_item.data.splits import SPLITS, SequenceSplits, global_time, leave_one_out
from tfelc.next_item.settings import NEXT_ITEM, NextItemSettings, SplitSettings

if TYPE_CHECKING:
    from tfelc.next_item.models.sequential_recommender import SequentialRecommender

_CATALOG = "catalog.json"
# What earlier versions called it.
_OLD_CATALOG = "catalogue.json"
_ATTRIBUTES = "attributes.parquet"
_MEASURED = ("validation", "test")
# The file of interactions that belongs to the run.
OWN_DATA = "interactions.parquet"


class NextItemRun(Run[NextItemSettings]):
    """A next-item run: `catalog.json` holds the raw item ids, in the order of their numbers from 1."""

    kind = NEXT_ITEM
    settings_class = NextItemSettings
    metadata_types = {"users": int, "items": int, "actions": int}

    @classmethod
    def create(
        cls,
        path: Path,
        settings: NextItemSettings,
        sequences: Sequences,
        source: str,
        csv_delimiter: str | None = None,
        attributes: ItemAttributes | None = None,
        new_items: Sequence[int | str] = (),
    ) -> NextItemRun:
        """Makes the run folder of a next-item model that is about to be trained.

        Args:
            path: Path. The folder.
            settings: NextItemSettings. The settings.
            sequences: Sequences. What is trained on.
            source: str. Where they came from: the name of a data set, or what names files.
            csv_delimiter: str. What separates the columns of CSV files. Defaults to None: a comma, and a tab in .tsv
                files.
            attributes: ItemAttributes. What is known of all items, the new ones last. Defaults to None: nothing.
            new_items: Sequence of int or str. Raw ids of items that nobody has taken. Defaults to none.

        Raises:
            RunError: The folder exists and is not empty.
        """
        files: dict[str, str | bytes] = {
            "config.yaml": settings.dump(),
            _CATALOG: json.dumps([*sequences.catalog.tolist(), *new_items]),
        }
        if attributes is not None:
            files[_ATTRIBUTES] = attributes.to_bytes()
        return cls.create_folder(
            path,
            files,
            {
                "data": source if source == OWN_DATA else lasting(source),
                **({} if csv_delimiter is None else {"csv_delimiter": csv_delimiter}),
                "data_hash": sequences.hash,
                "users": sequences.num_users,
                "items": sequences.num_items + len(new_items),
                **({"new_items": len(new_items)} if new_items else {}),
                "actions": len(sequences.actions),
                **({} if sequences.filtering is None else {"filtering": sequences.filtering.to_json()}),
            },
        )

    @cached_property
    def catalog(self) -> list[int] | list[str]:
        """Raw item ids by item number less 1; raises RunError when the file is missing or changed."""
        name = _OLD_CATALOG if _OLD_CATALOG in self.metadata["files"] else _CATALOG
        ids: list[int] | list[str] = json.loads(self.unchanged(name).read_text(encoding="utf-8"))
        return ids

    @cached_property
    def attributes(self) -> ItemAttributes | None:
        """What is known of the catalog's items; raises RunError when the file is missing or changed."""
        if _ATTRIBUTES not in self.metadata["files"]:
            return None
        return ItemAttributes.from_bytes(self.unchanged(_ATTRIBUTES).read_bytes(), self.settings.catalog.columns)

    def attributes_of(self, source: str) -> ItemAttributes:
        """What a table says of the catalog's items today, in the columns that the run knows.

        A warning says how many items of the catalog it lacks.

        Args:
            source: str. What names the table.

        Raises:
            UsageError: The run knows of no attributes.
            DataError: The table cannot be read.
        """
        if self.attributes is None:
            raise UsageError(
                f"{self.path}: was trained without a table of items; name it to the training, by catalog.path and "
                "catalog.columns",
                ["catalog"],
            )
        settings = self.settings.catalog
        table = read_item_table(source, settings.item, settings.columns)
        found, missing = table.of(self.catalog)
        if missing:
            warnings.warn(
                f"{table.name}: lacks {missing:,} of {len(self.catalog):,} items; nothing is known of these",
                DataWarning,
                stacklevel=2,
            )
        return found

    def sequences(self, source: str | None = None, csv_delimiter: str | None = None) -> Sequences:
        """The sequences that the run was trained on.

        Args:
            source: str. Where they are now: the name of a data set, or what names files. Defaults to None: where
                they were.
            csv_delimiter: str. What separates the columns of CSV files. Defaults to None: what did.

        Raises:
            RunError: They have changed since.
            DataError: They cannot be read.
        """
        if source is None:
            source = self.metadata["data"]
            if source == OWN_DATA:
                source = str(self.path / OWN_DATA)
        limits = self.settings.split.min_user_actions, self.settings.split.min_item_users
        delimiter = csv_delimiter or self.metadata.get("csv_delimiter")
        sequences = load_sequences(source, lambda text: None, *limits, delimiter)
        if sequences.hash != self.metadata["data_hash"]:
            raise RunError(f"{self.path}: was trained on other sequences than {source} holds now")
        return sequences.with_items(self.catalog[sequences.num_items :])

    def refuse_incomparable(self, other: NextItemRun) -> None:
        """Raises UsageError where the other run ranks other examples, so that users cannot be compared one by one."""
        if self.metadata["data_hash"] != other.metadata["data_hash"]:
            raise UsageError(
                f"{other.path}: was trained on other data ({other.metadata['data']}) than {self.path} "
                f"({self.metadata['data']}); compare runs on the same data"
            )
        mine, theirs = self.settings.split.protocol, other.settings.split.protocol
        if mine != theirs:
            raise UsageError(
                f"{other.path}: its split.protocol is {theirs}, and that of {self.path} is {mine}; compare runs of the "
                "same protocol"
            )
        if self.settings.repeats != other.settings.repeats:
            raise UsageError(
                f"{other.path}: its `repeats` is another than that of {self.path}; compare runs of the same"
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
        items = self.metadata["items"]
        # What an item's count is does not matter to scores, only to the draws of training.
        model = build_model(self.settings, items, np.ones(items, np.int64), self.attributes)
        load_checkpoint(self.best, {"model": model.variables}, model.former_variables)
        return model


def refuse_unmeasured(split_name: str) -> None:
    """Raises UsageError for a split that holds what a model was fitted to."""
    if split_name not in _MEASURED:
        raise UsageError(
            f"`split` {split_name}: a next-item run is measured on items that it was not fitted to; use "
            f"{' or '.join(_MEASURED)}",
            ["split"],
        )


def split(sequences: Sequences, settings: SplitSettings, needed: Collection[str] = SPLITS) -> SequenceSplits:
    """The splits of the protocol that the settings name, with the users that they evaluate.

    Those that are needed may not be empty.
    """
    if chosen_protocol(sequences, settings.protocol) == "leave_one_out":
        found = leave_one_out(sequences, needed)
    else:
        found = global_time(sequences, needed=needed)
    return with_most_users(found, most_users(settings.evaluated_users, sequences.num_items))


def build_model(
    settings: NextItemSettings,
    items: int,
    counts: NDArray[np.int64],
    attributes: ItemAttributes | None = None,
    seen: NDArray[np.bool_] | None = None,
) -> SequentialRecommender:
    """An untrained model.

    Args:
        settings: NextItemSettings. The settings.
        items: int. Items of the catalog.
        counts: How often each item is a target in training, by item number less 1; of the items that training ranks.
        attributes: What is known of the items. Defaults to None: nothing.
        seen: Whether training has seen an item, `(items,)`. Defaults to None: all of them.
    """
    model = settings.model.create(items, settings.split.max_length, counts, settings.training.seed)
    if settings.item_attributes and attributes is not None:
        model.add_item_attributes(attributes, np.ones(items, bool) if seen is None else seen, len(counts))
    return model
