"""Kind and role of each column, guessed by its name and its values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from tfelc.data.draft import names
from tfelc.data.draft.column_profile import ColumnProfile

# Different values above which rare ones are cut off, and above which all are hashed.
_MANY, _VERY_MANY = 1_000, 100_000
_BUCKETS = 1 << 18
# Different whole numbers up to which they are taken for names of things.
_FEW = 32
# Rows above 0 without which an outcome is only seen by chance, and a label's rate above which it says nothing.
_LEAST, _OFTEN = 20, 0.9
# Share of the users, or items, within which a value has to stay the same.
_STEADY = 0.98
_SHARED = 0.5


class ColumnGuess:
    """Guesses what the columns of a sample are.

    Args:
        profiles: Column -> what is known of it.
        labels: Column with an outcome -> 0 or 1 of each row.

    Attributes:
        columns: Column -> its part of a schema.
        tables: Embedding table -> its part of a schema.
        remarks: Column -> what is to be said of it.
        left_out: Column -> why it is in no schema, and what it would be there.
        user_key: The column that tells the users apart, if any.
        timestamp: The column that says when it happened, if any.
    """

    def __init__(self, profiles: Mapping[str, ColumnProfile], labels: Mapping[str, NDArray[Any]]) -> None:
        self._profiles = profiles
        self._labels = labels
        self.columns: dict[str, dict[str, Any]] = {}
        self.tables: dict[str, dict[str, Any]] = {}
        self.remarks: dict[str, str] = {}
        self.left_out: dict[str, tuple[str, dict[str, Any] | None]] = {}
        free = [name for name in profiles if name not in labels]
        self.user_key = self._first(free, names.is_user_id, lambda each: not each.nulls and self._is_id(each))
        times = [name for name in free if names.is_time(name) and self._is_timestamp(profiles[name])]
        # The finest of them.
        self.timestamp = max(filter(names.is_allowed, times), key=lambda name: profiles[name].distinct, default=None)
        self._item = self._first(free, names.is_item_id, self._is_id)
        self._users = None if self.user_key is None else profiles[self.user_key].codes()
        self._items = None if self._item is None else profiles[self._item].codes()
        for label in labels:
            self.columns[label] = {"kind": "label"}
            self.remarks[label] = f"1 in {100 * labels[label].mean():.3g} % of the rows"
        for name in free:
            self._guess(name, profiles[name])
        self._share_tables()

    def _first(self, free: Sequence[str], is_called: Any, fits: Any) -> str | None:
        found = [name for name in free if is_called(name) and names.is_allowed(name) and fits(self._profiles[name])]
        return found[0] if found else None

    @staticmethod
    def _is_id(profile: ColumnProfile) -> bool:
        return not profile.is_list and (profile.is_whole or profile.is_text) and profile.distinct > 1

    @staticmethod
    def _is_timestamp(profile: ColumnProfile) -> bool:
        moments = pa.types.is_timestamp(profile.leaf) or pa.types.is_date64(profile.leaf)
        return not profile.nulls and not profile.is_list and profile.distinct > 2 and (profile.is_whole or moments)

    def _guess(self, name: str, profile: ColumnProfile) -> None:
        if reason := self._unfit(name, profile):
            self.left_out[name] = (reason, None)
        elif name == self.user_key:
            self.columns[name] = {"kind": "id", **({} if profile.is_whole else {"type": "string"})}
            self.remarks[name] = f"{profile.distinct:,} users in the sample"
        elif name == self.timestamp:
            self.columns[name] = {"kind": "timestamp"}
        elif names.is_time(name) and self._is_timestamp(profile):
            self.left_out[name] = (f"is a second time; {self.timestamp} is taken", None)
        elif outcome := self._outcome(profile):
            part = {"kind": "number", "role": "context"}
            self.left_out[name] = (f"is above 0 only where `{outcome}` is 1: an outcome itself?", part)
        elif self._tells_rows(name, profile):
            self.columns[name] = {"kind": "id", **({} if profile.is_whole else {"type": "string"})}
            self.remarks[name] = "another value in each row: an id, which never enters the model"
        else:
            role, why = self._role(name, profile)
            self.columns[name] = {"kind": "number", "role": role} | self._form(name, profile)
            self.remarks[name] = why

    def _unfit(self, name: str, profile: ColumnProfile) -> str:
        if not names.is_allowed(name):
            return "no name that a schema takes (letters, digits and `_`, a letter first); rename the column"
        if any(name.lower() == other.lower() for other in self.columns):
            return "differs from another column by upper case alone"
        if profile.is_empty:
            return "holds no value"
        if profile.is_constant:
            return "holds one value in every row"
        if not (profile.is_number or profile.is_text) and name != self.timestamp:
            return f"values of type {profile.values.type} are none of a feature"
        if pa.types.is_uint64(profile.leaf):
            return "whole numbers of 64 bits without a sign are none of a feature; write them as text"
        if profile.is_list and not (profile.is_whole or profile.is_text):
            return "a list of a schema holds whole numbers or words"
        return "is text of many words" if profile.is_prose else ""

    def _outcome(self, profile: ColumnProfile) -> str:
        """The label without which a number stays 0, if there is one: it may be known only afterwards."""
        if profile.is_list or not profile.is_number:
            return ""
        happened = np.nan_to_num(profile.numbers()) > 0
        if happened.sum() < _LEAST or happened.mean() > _SHARED:
            return ""
        found = (
            name for name, label in self._labels.items() if label.mean() < _OFTEN and label[happened].mean() >= _STEADY
        )
        return next(found, "")

    def _tells_rows(self, name: str, profile: ColumnProfile) -> bool:
        whole = profile.is_whole or profile.is_text
        every = profile.distinct == len(profile.values) and not profile.nulls
        return whole and not profile.is_list and every and names.is_code(name) and name != self._item

    def _form(self, name: str, profile: ColumnProfile) -> dict[str, Any]:
        """What a feature is beside its role."""
        kind = "list" if profile.is_list else "category" if self._is_category(name, profile) else "number"
        if kind == "number":
            return {"kind": kind, **({"transform": "log"} if profile.is_skewed else {})}
        if profile.distinct > _VERY_MANY:
            self.tables[name] = {"hash_buckets": _BUCKETS}
        elif profile.distinct > _MANY:
            self.tables[name] = {"min_count": 2}
        return {"kind": kind, **({"type": "integer"} if profile.is_whole else {})}

    def _is_category(self, name: str, profile: ColumnProfile) -> bool:
        if profile.is_text:
            return True
        few = 2 < profile.distinct <= _FEW and not names.is_activity(name)
        return profile.is_whole and (few or names.is_code(name) or name == self._item)

    def _role(self, name: str, profile: ColumnProfile) -> tuple[str, str]:
        """The role of a feature, and why."""
        if name == self._item:
            return "item", f"{profile.distinct:,} items in the sample"
        active = names.is_activity(name) and profile.is_number and not profile.is_list
        if names.is_of_item(name):
            return "item", "called as the item's"
        if names.is_of_user(name):
            return ("activity", "called as what the user does") if active else ("user", "called as the user's")
        of_user = not profile.is_list and self._is_steady(profile, self._users)
        if not profile.is_list and not of_user and self._is_steady(profile, self._items):
            return "item", "the same for an item in all its rows"
        if of_user:
            return ("activity", "what the user does, by its name") if active else ("user", "the same for a user")
        if active and self._users is not None:
            return "activity", "what the user does, by its name"
        if profile.is_list:
            return "user", "a list: taken for the user's history"
        return "context", "varies within users and items" if self._users is not None else "of nobody, as it seems"

    @staticmethod
    def _is_steady(profile: ColumnProfile, owners: Any) -> bool:
        """Whether a value stays the same within nearly each of the owners that have several rows."""
        if owners is None:
            return False
        several = np.bincount(owners) > 1
        if not several.any():
            return False

        def steady(codes: NDArray[np.int64]) -> float:
            first = np.zeros(len(several), np.int64)
            first[owners[::-1]] = codes[::-1]
            changes = np.bincount(owners, codes != first[owners], len(several))
            return float((changes[several] == 0).mean())

        codes = profile.codes()
        # What hardly ever varies stays the same within anybody.
        by_chance = steady(np.random.default_rng(0).permutation(codes))
        return steady(codes) >= _STEADY and by_chance < _STEADY - 0.1

    def _share_tables(self) -> None:
        """A list of the user's that holds ids of the item's shares their table."""
        if self._item is None or "role" not in self.columns.get(self._item, {}):
            return
        item = self._profiles[self._item]
        for name, part in self.columns.items():
            profile = self._profiles[name]
            if part["kind"] != "list" or profile.is_whole != item.is_whole or part["role"] == "item":
                continue
            values = pc.unique(pc.list_flatten(profile.values).drop_null())
            shared = pc.mean(pc.is_in(values, pc.unique(item.values).cast(values.type))).as_py()
            if shared and shared >= _SHARED:
                part["table"] = self._item
                self.tables.pop(name, None)
                self.tables.setdefault(self._item, {"min_count": 1})
                self.remarks[name] = f"items: shares the table of {self._item}"
