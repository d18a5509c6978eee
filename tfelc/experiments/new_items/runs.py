"""Simulated sequences with items held out, and models that are asked for these."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray
from rich.console import Console

from tfelc.metrics.summary import ranking_metrics
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.data.sequences import Sequences
from tfelc.next_item.data.simulated_sequences import simulate
from tfelc.next_item.data.sources import load_sequences
from tfelc.next_item.default_settings import default_settings
from tfelc.next_item.evaluation.catalog_scorer import CatalogScorer
from tfelc.next_item.evaluation.full_ranking import full_ranking
from tfelc.next_item.run import NextItemRun
from tfelc.next_item.training.train import create_training

_ATTRIBUTES = {"model.item_attributes": ["intent", "text"]}
VARIANTS: dict[str, dict[str, Any]] = {
    "ids alone": {"model.item_attributes": []},
    "ids and attributes": _ATTRIBUTES,
    "ids and attributes, no item-kNN": {**_ATTRIBUTES, "model.neighbors.weight": 0.0},
}
# What the simulated text of an item tells of its intent and of chance.
_TEXT, _NOISE = 16, 0.5
_TABLE, _ITEMS = "clicks.parquet", "items.parquet"


@dataclass(frozen=True)
class HeldOut:
    """Simulated sequences, and the items that training is not to see.

    Attributes:
        sequences: All of them.
        is_new: Whether an item is held out, by item number less 1.
        intents: The intent of each item, by item number less 1.
    """

    sequences: Sequences
    is_new: NDArray[np.bool_]
    intents: NDArray[np.int64]

    @classmethod
    def simulate(cls, users: int, items: int, share: float) -> "HeldOut":
        """Simulates users, and chooses the items."""
        made = simulate(users, items)
        is_new = np.zeros(items, bool)
        is_new[np.random.default_rng(0).choice(items, max(1, round(share * items)), replace=False)] = True
        return cls(made.sequences, is_new, made.item_intents[1:])

    def write(self, folder: Path) -> None:
        """Writes the actions of all other items, and the table of all items."""
        users = np.repeat(np.arange(self.sequences.num_users), self.sequences.lengths)
        kept = ~self.is_new[self.sequences.actions - 1] & ~self._is_asked()
        times = self.sequences.times
        assert times is not None  # simulated ones have them
        columns = {"user": users[kept], "item": self.sequences.actions[kept], "time": times[kept]}
        pq.write_table(pa.table(columns), folder / _TABLE)
        random = np.random.default_rng(1)
        texts = random.normal(size=(self.intents.max() + 1, _TEXT))[self.intents]
        texts += _NOISE * random.normal(size=texts.shape)
        rows = {"item": np.arange(1, len(self.intents) + 1), "intent": self.intents, "text": list(texts)}
        pq.write_table(pa.table(rows), folder / _ITEMS)

    def counts(self) -> dict[str, int]:
        """How many items and users there are, and how many of them are new or asked for what is."""
        lasts = self.sequences.actions[self.sequences.offsets[1:] - 1]
        new = int(self.is_new[lasts - 1].sum())
        return {
            **{"items": len(self.is_new), "new_items": int(self.is_new.sum())},
            **{"users": self.sequences.num_users, "asked_for_new": new},
        }

    def examples(self, catalog: list[int]) -> tuple[Examples, NDArray[np.bool_]]:
        """Each user's last item after the known ones before, by the numbers of a catalog, and whether it is new."""
        numbers = np.zeros(len(self.is_new) + 1, np.int32)
        numbers[catalog] = np.arange(1, len(catalog) + 1)
        users = np.repeat(np.arange(self.sequences.num_users), self.sequences.lengths)
        asked = self._is_asked()
        read = ~self.is_new[self.sequences.actions - 1] & ~asked & (numbers[self.sequences.actions] > 0)
        lengths = np.bincount(users[read], minlength=self.sequences.num_users)
        stops = np.cumsum(lengths)
        targets = self.sequences.actions[asked]
        found = Examples(
            numbers[self.sequences.actions[read]], stops - lengths, stops, numbers[targets], np.arange(len(stops))
        )
        usable = (lengths > 0) & (numbers[targets] > 0)
        return found.take(usable), self.is_new[targets - 1][usable]

    def _is_asked(self) -> NDArray[np.bool_]:
        asked = np.zeros(len(self.sequences.actions), bool)
        asked[self.sequences.offsets[1:] - 1] = True
        return asked


def measured(held_out: HeldOut, folder: Path, settings: dict[str, Any], epochs: int, seed: int) -> dict[str, Any]:
    """Trains a model, and gives its metrics for targets that are new and for those that are not.

    Args:
        held_out: The sequences.
        folder: Where they were written.
        settings: What the variant sets.
        epochs: Epochs of training.
        seed: Seed of training.
    """
    source = str(folder / _TABLE)
    run_path = folder / f"run-{len(list(folder.glob('run-*')))}"
    chosen = default_settings(
        source,
        {
            "model.name": "sasrec",
            "split.protocol": "leave_one_out",
            "catalog.path": str(folder / _ITEMS),
            "catalog.columns": {"intent": "category", "text": "vector"},
            "training.epochs": epochs,
            "training.seed": seed,
            "training.yardsticks": False,
            **settings,
        },
    )
    loaded = load_sequences(source)
    create_training(loaded, source, chosen, run_path, Console(quiet=True)).train()
    run = NextItemRun.open(run_path)
    catalog: Any = run.catalog
    known = set(catalog)
    # Of a model that knows no new items each is a miss: behind all others, in a catalog of the same size.
    missing = [int(number) for number in np.flatnonzero(held_out.is_new) + 1 if int(number) not in known]
    examples, is_new = held_out.examples([*catalog, *missing])
    ranks = np.full(len(examples), len(catalog) + len(missing))
    inside = examples.targets <= len(catalog)
    ranks[inside] = full_ranking(CatalogScorer(run.model()), examples.take(inside), len(catalog)).ranks
    return {
        name: {"users": int(chosen.sum()), **ranking_metrics(ranks[chosen])}
        for name, chosen in (("new", is_new), ("others", ~is_new))
    }
