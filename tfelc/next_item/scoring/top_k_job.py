"""The best items of a next-item model for many users."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from tfelc.core.errors import UsageError
from tfelc.lifecycle.scoring.batch_job import BatchJob, BatchSettings
from tfelc.lifecycle.scoring.input_file import stored_type
from tfelc.next_item.export.conditions import Conditions
from tfelc.next_item.scoring import histories
from tfelc.next_item.scoring.exported_recommender import ExportedRecommender
from tfelc.next_item.scoring.top_k_scorer import TopKScorer


@dataclass(frozen=True)
class TopKSettings(BatchSettings):
    """What is asked for, beside what is asked of every job.

    Attributes:
        k: Items wanted for each user. Defaults to 100.
        user_id: Column of the users' ids. Defaults to `user_id`.
        history: Column of the lists of their items, oldest first. Defaults to `history`.
        allow: Column of the lists of items to which a user's are restricted. Defaults to None: none are.
        deny: Column of the lists of items that a user does not get. Defaults to None: there are none.
        keep_seen: Whether items of the history itself may be found. Defaults to False.
        where: `attribute=value` of a category, several times for one of several values, or `flag=true`; what all items
            that are found must be. Defaults to none.
        at_most: `category=number`: how many items of one value a user gets at most. Defaults to none.
        diversity: Share of unlikeness in what each next item is chosen by. Defaults to 0.
    """

    k: int = 100
    user_id: str = "user_id"
    history: str = "history"
    allow: str | None = None
    deny: str | None = None
    keep_seen: bool = False
    where: tuple[str, ...] = ()
    at_most: tuple[str, ...] = ()
    diversity: float = 0.0

    def scorer(self) -> TopKScorer:
        """What finds the items."""
        recommender = ExportedRecommender(self.model)
        # Ids leave as they came; where the files do not say what they are, they are text.
        stored = stored_type(self.inputs, self.user_id, self.csv_delimiter)
        integers = stored is not None and pa.types.is_integer(stored)
        return TopKScorer(
            recommender,
            self.k,
            self.user_id,
            "integer" if integers else "string",
            self.history,
            self.allow,
            self.deny,
            self.conditions(recommender.manifest.attributes),
        )

    def conditions(self, kinds: Mapping[str, str]) -> Conditions:
        """What holds for every user; raises UsageError where the model's items have no such attribute.

        Args:
            kinds: Mapping. Attribute of the model's items -> its kind.
        """
        where: dict[str, Any] = {}
        for name, value in map(partial(_pair, "where"), self.where):
            if kinds.get(name) == "flag" and value == "true":
                where[name] = True
            else:
                where.setdefault(name, []).append(value)
        most: dict[str, Any] = {
            name: int(n) if n.isdecimal() else n for name, n in map(partial(_pair, "at_most"), self.at_most)
        }
        return Conditions.of(1, None, None, self.keep_seen, where or None, most, self.diversity, kinds)


class TopKJob(BatchJob[TopKSettings]):
    """A job whose model, inputs and columns have been checked.

    Where the files hold interactions as training takes them, with the columns `user`, `item` and `time`, they are
    gathered into histories first, in a temporary file of this machine.

    Args:
        settings: What is asked for.

    Raises:
        UsageError: Settings contradict each other, or name what is not there.
        ExportError: The model is no export of a next-item model.
        DataError: A file is missing, cannot be read, or lacks a column.

    Example:
        >>> from pathlib import Path
        >>> settings = TopKSettings(model=Path("exports/next/3"), inputs=("users.parquet",), output="recs", k=100)
        >>> TopKJob(settings).run().scored  # doctest: +SKIP
        22363
    """

    def __init__(self, settings: TopKSettings) -> None:
        self.is_gathered = histories.are_interactions(settings.inputs, settings.history, settings.csv_delimiter)
        if not self.is_gathered:
            super().__init__(settings)
            return
        self._folder = tempfile.TemporaryDirectory(prefix="tfelc-histories-")  # goes with this object
        for name in ("allow", "deny"):
            if getattr(settings, name) is not None:
                raise UsageError(
                    f"`{name}` is a column of lists, which a table of interactions has not; give histories", [name]
                )
        path = Path(self._folder.name, "histories.parquet")
        histories.write_histories(settings.inputs, path, settings.csv_delimiter)
        super().__init__(replace(settings, inputs=(str(path),), user_id="user", history=histories.HISTORY))
        made_from = ", ".join(settings.inputs)
        self.files = [replace(file, made_from=made_from) for file in self.files]

    @property
    def details(self) -> dict[str, Any]:
        """How many items, and from which columns."""
        settings = self.settings
        # None, as folders of before have it, where nothing is asked for.
        asked = {
            name: getattr(settings, name) or None
            for name in ("allow", "deny", "keep_seen", "where", "at_most", "diversity")
        }
        return {"k": settings.k, "history": settings.history, **asked}


def _pair(setting: str, text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name or not value:
        raise UsageError(f"`{setting}` {text}: write it as attribute=value, such as color=red", [setting])
    return name, value
