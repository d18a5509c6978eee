"""What a trained next-item model answers to raw histories, by the way it was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tfelc.lifecycle.export.tied_clusters import tied_clusters
from tfelc.next_item.data.examples import Examples
from tfelc.next_item.data.item_attributes import ItemAttributes
from tfelc.next_item.evaluation.best_places import best_places
from tfelc.next_item.evaluation.catalog_scorer import CatalogScorer
from tfelc.next_item.export.conditions import NO_CONDITIONS, Conditions
from tfelc.next_item.export.inverse_lengths import inverse_lengths
from tfelc.next_item.export.signatures import UNKNOWN, UNKNOWN_VALUES, id_type_of, padding_of
from tfelc.next_item.export.trained_picks import trained_picks
from tfelc.next_item.models.elcrec import ELCRec

Array = npt.NDArray[Any]
Histories = Sequence[Sequence[int | str]]
# Scores this near to each other, as a share of the larger where that is above 1, may change places by the order of
# float32 sums.
_TIE = 4e-5


class TrainedRecommender:
    """Looks items up in Python, scores by `CatalogScorer`, and ranks by NumPy.

    Args:
        model: The model.
        catalog: Raw item ids by item number less 1.
        popularity: How often each item occurs in the training split, by item number less 1, `(items,)`.
        attributes: What is known of the items, in the order of the catalog. Defaults to None: nothing.
        repeats: Whether items of a history are recommended again, whatever conditions say of them. Defaults to False.

    Attributes:
        catalog: As given.
        attributes: As given, without an attribute for None.
    """

    def __init__(
        self,
        model: ELCRec,
        catalog: list[int] | list[str],
        popularity: Array,
        attributes: ItemAttributes | None = None,
        repeats: bool = False,
    ) -> None:
        self._repeats = repeats
        self.catalog = catalog
        self.attributes = attributes or ItemAttributes({}, {})
        vectors = np.asarray(model.candidates, np.float32)[1:]
        self._directions = vectors * inverse_lengths(vectors)[:, None]
        self._scorer = CatalogScorer(model)
        self._temperature = model.settings.cluster_settings.temperature
        self._numbers: dict[int | str, int] = dict(zip(catalog, range(1, len(catalog) + 1), strict=True))
        padding = self._padding = padding_of(id_type_of(catalog))
        # As the session gives them: strings as bytes.
        self._ids = np.array(
            [each.encode() if isinstance(each, str) else each for each in (padding, *catalog)],
            object if isinstance(padding, str) else np.int64,
        )
        self._popularity = popularity

    def recommend(
        self, histories: Histories, k: int, conditions: Conditions | None = None
    ) -> tuple[dict[str, Array], npt.NDArray[np.bool_]]:
        """The answers of `recommend`, and where an id or a cluster may be another by the order of float32 sums.

        With conditions, the answers of `recommend_with`.
        """
        known = self._known(histories)
        embedded, tied = self._embed(known)
        width = min(k, len(self._popularity))
        scores = np.tile(self._popularity.astype(np.float32), (len(known), 1))
        rows = [row for row, numbers in enumerate(known) if len(numbers)]
        if rows:
            scores[rows] = self._scorer.scores(_examples([known[row] for row in rows]))[:, 1:]
        counts = self._restrict(scores, known, conditions or NO_CONDITIONS)
        if conditions is not None and (conditions.at_most or conditions.diversity):
            return self._picked(scores, width, conditions, counts, embedded, tied)
        size = min(width + 1, scores.shape[1])
        order = np.array([best_places(of_row, size) for of_row in scores], np.int64).reshape(len(scores), size)
        best = np.take_along_axis(scores, order, axis=1)
        with np.errstate(invalid="ignore"):
            gaps = best[:, :-1] - best[:, 1:]
            near = gaps < _TIE * np.maximum(1.0, np.abs(best[:, :-1]))
        # Popularity is counted, and so never off by a bit.
        near[[row for row, numbers in enumerate(known) if not len(numbers)]] = False
        answers = {
            "ids": self._ids[np.where(best[:, :width] == -np.inf, 0, order[:, :width] + 1)],
            "scores": best[:, :width],
        }
        if conditions is not None:
            answers |= counts
        if "cluster" in embedded:
            answers["cluster"] = embedded["cluster"]
        return answers, tied | near.any(axis=1)

    def embed(self, histories: Histories) -> tuple[dict[str, Array], npt.NDArray[np.bool_]]:
        """The answers of `embed`, and where two clusters are equally near."""
        return self._embed(self._known(histories))

    def _picked(
        self, scores: Array, width: int, conditions: Conditions, counts: dict[str, Array], embedded: Any, tied: Array
    ) -> tuple[dict[str, Array], npt.NDArray[np.bool_]]:
        """The answers of `recommend` where items are picked one after another."""
        caps = [(self.attributes.codes(name), most) for name, most in conditions.at_most.items()]
        picked, leads = trained_picks(scores, width, conditions.diversity, self._directions, caps)
        found = np.take_along_axis(scores, np.maximum(picked, 0), axis=1)
        answers = {"ids": self._ids[picked + 1], "scores": np.where(picked < 0, -np.inf, found).astype(np.float32)}
        answers |= counts
        if "cluster" in embedded:
            answers["cluster"] = embedded["cluster"]
        return answers, tied | (leads < _TIE)

    def _restrict(self, scores: Array, known: list[npt.NDArray[np.int32]], conditions: Conditions) -> dict[str, Array]:
        """Sets what conditions leave out to minus infinity, and counts the ids and values that are unknown."""
        counts = {name: np.zeros(len(known), np.int64) for name in (UNKNOWN, UNKNOWN_VALUES)}
        values = {name: set(self.attributes.values(name)) for name in self.attributes.named("category")}
        for row, seen in enumerate(known):
            allowed, denied = conditions.allowed(row), conditions.denied(row)
            left = np.full(scores.shape[1], allowed is None)
            if allowed is not None:
                left[self._places(allowed)] = True
            left[self._places(denied)] = False
            if not (conditions.keep_seen or self._repeats):
                left[seen - 1] = False
            for name, wanted in conditions.wanted(row).items():
                column = self.attributes.columns[name]
                left &= column if wanted is True else np.isin(column, wanted)
                counts[UNKNOWN_VALUES][row] += 0 if wanted is True else sum(each not in values[name] for each in wanted)
            scores[row, ~left] = -np.inf
            named = (*(allowed or ()), *denied)
            counts[UNKNOWN][row] = sum(item not in self._numbers and item != self._padding for item in named)
        return counts

    def _places(self, items: Sequence[int | str]) -> list[int]:
        return [self._numbers[item] - 1 for item in items if item in self._numbers]

    def _known(self, histories: Histories) -> list[npt.NDArray[np.int32]]:
        found = [[self._numbers[item] for item in history if item in self._numbers] for history in histories]
        return [np.array(numbers, np.int32) for numbers in found]

    def _embed(self, known: list[npt.NDArray[np.int32]]) -> tuple[dict[str, Array], npt.NDArray[np.bool_]]:
        # An empty history is embedded as some other one, and then blotted out.
        empty = np.array([not len(numbers) for numbers in known], bool)
        filled = [numbers if len(numbers) else np.ones(1, np.int32) for numbers in known]
        found = self._scorer.embed(_examples(filled))
        answers = {"embedding": np.where(empty[:, None], np.float32(0), found["embedding"])}
        tied = np.zeros(len(known), bool)
        if "cluster" in found:
            answers["assignment"] = np.where(empty[:, None], np.float32(0), found["assignment"])
            answers["cluster"] = np.where(empty, -1, found["cluster"].astype(np.int64))
            tied = tied_clusters(found["assignment"], self._temperature) & ~empty
        return answers, tied


def _examples(histories: list[npt.NDArray[np.int32]]) -> Examples:
    stops = np.cumsum([len(history) for history in histories])
    starts = stops - [len(history) for history in histories]
    unknown = np.zeros(len(histories), np.int64)
    return Examples(np.concatenate(histories), starts, stops, unknown.astype(np.int32), unknown)
