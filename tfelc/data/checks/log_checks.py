"""What is suspicious about a log, found while it is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from tfelc.data.checks.constant_columns import ConstantColumns
from tfelc.data.checks.label_copies import label_copies
from tfelc.data.checks.split_outcomes import SplitOutcomes
from tfelc.data.checks.time_order import TimeOrder
from tfelc.data.checks.unique_users import UniqueUsers
from tfelc.data.packed_rows import packed, unpacked
from tfelc.schema.gate_roles import gate_roles
from tfelc.schema.schema import Schema

# The costlier checks look at the first rows of each stretch, of so many: which rows these are depends on their places
# alone, not on the pieces in which they come.
_STRETCH = 65_536
_SAMPLED_OF_STRETCH = 4_096
_SAMPLED_STRETCHES = 8
_MOST_WARNINGS = 10
_MOST_NAMES = 5


class LogChecks:
    """Sees a log's rows as they pass, and says what is suspicious.

    The labels, the order of time and what is constant are known of all rows; whether a feature copies its label, of a
    sample. It costs a small part of what reading and writing the rows does.

    Args:
        schema: What the columns mean.
        names: Columns that the log has, as far as that is known.
        first: Place of the first row in the log, where another one sees those before it. Defaults to 0.
        rows: Rows of the whole log, where that is known. Defaults to None.
    """

    def __init__(self, schema: Schema, names: Sequence[str] = (), first: int = 0, rows: int | None = None) -> None:
        self._schema = schema
        named = {*schema.source_names(schema.columns), schema.split.column}
        self._unnamed = [name for name in names if name not in named]
        self._first = first
        self._rows = 0
        self._constant = ConstantColumns([*schema.features, *schema.of_kind("group")])
        self._split_outcomes = SplitOutcomes(schema)
        self._sample: list[pa.Table] = []
        self._users = UniqueUsers(schema.user_key, rows)
        self._times = TimeOrder(next(iter(schema.of_kind("timestamp")), None))
        # Task that is conditioned on another -> its outcomes in all, and without the other's.
        self._outcomes = {name: np.zeros(2, np.int64) for name, task in schema.tasks.items() if task.conditioned_on}

    def see(self, rows: pa.Table, split: NDArray[np.int64] | None = None) -> None:
        """Looks at the next rows, in the schema's types.

        Args:
            rows: The rows.
            split: The split of each, as an index into `SPLITS`. Defaults to None: there are none.
        """
        if not len(rows):
            return
        self._see_sample(rows)
        self._rows += len(rows)
        self._constant.see(rows)
        if split is not None:
            self._split_outcomes.see(rows, split)
        self._users.see(rows)
        self._times.see(rows)
        for name, counts in self._outcomes.items():
            task = self._schema.tasks[name]
            label = rows[task.label].to_numpy()
            condition = rows[self._schema.tasks[str(task.conditioned_on)].label].to_numpy()
            counts += (np.count_nonzero(label == 1), np.count_nonzero((label == 1) & (condition == 0)))

    def warnings(
        self, label_rates: Mapping[str, Mapping[str, float]], unknown: Mapping[str, Mapping[str, int]] | None = None
    ) -> list[str]:
        """What to tell the user, one line each, the gravest first.

        Args:
            label_rates: Mean of each label by split; one that no row of a split knows is not there.
            unknown: Label that is not known in some rows -> split -> so many. Defaults to None: all are known.
        """
        found = [
            *self._constant_labels(label_rates),
            *self._unknown_labels(label_rates, unknown or {}),
            *self._split_outcomes.warnings(label_rates.keys(), self._told(label_rates, unknown or {})),
            *self._copies(),
            *self._orphans(),
            *self._features(),
            *self._users_and_times(),
        ]
        if role_words := gate_roles(self._schema)[2]:
            found.append(role_words)
        if self._unnamed:
            found.append(f"columns that the schema does not name are left out: {_listed(self._unnamed)}")
        return found[:_MOST_WARNINGS]

    @cached_property
    def copies(self) -> dict[str, dict[str, float]]:
        """Label -> feature that tells it by itself -> AUC, once all rows were seen."""
        return label_copies(pa.concat_tables(self._sample), self._schema) if self._sample else {}

    def said(self) -> dict[str, Any]:
        """What `hear` takes, in another process."""
        return {
            "rows": self._rows,
            "constant": self._constant.said(),
            "split_outcomes": self._split_outcomes.said(),
            "sample": packed(pa.concat_tables(self._sample)) if self._sample else None,
            "users": self._users.said(),
            "times": self._times.said(),
            "outcomes": {name: counts.tolist() for name, counts in self._outcomes.items()},
        }

    def hear(self, said: Mapping[str, Any]) -> None:
        """Takes what another one says of the rows that follow."""
        self._rows += said["rows"]
        self._constant.hear(said["constant"])
        self._split_outcomes.hear(said["split_outcomes"])
        if said["sample"] is not None:
            self._sample.append(unpacked(said["sample"]))
        self._users.hear(said["users"])
        self._times.hear(said["times"])
        for name, counts in self._outcomes.items():
            counts += said["outcomes"][name]

    def _see_sample(self, rows: pa.Table) -> None:
        first = self._first + self._rows
        if first >= _STRETCH * _SAMPLED_STRETCHES:
            return
        places = np.arange(first, first + len(rows))
        wanted = (places % _STRETCH < _SAMPLED_OF_STRETCH) & (places < _STRETCH * _SAMPLED_STRETCHES)
        if wanted.any():
            # A copy: a slice would keep the whole batch in memory.
            self._sample.append(rows.take(np.flatnonzero(wanted)))

    def _constants(self, label_rates: Mapping[str, Mapping[str, float]]) -> dict[tuple[str, str], float]:
        """Label and split where it has one value in all rows -> the value."""
        pairs = ((label, split) for label in self._schema.of_kind("label") for split in label_rates)
        return {(label, split): rate for label, split in pairs if (rate := label_rates[split].get(label)) in (0.0, 1.0)}

    def _told(
        self, label_rates: Mapping[str, Mapping[str, float]], unknown: Mapping[str, Mapping[str, int]]
    ) -> set[tuple[str, str]]:
        """Label and split of which a line of their own says what is missing."""
        nowhere = {(label, split) for label in unknown for split, rates in label_rates.items() if label not in rates}
        return nowhere | self._constants(label_rates).keys()

    def _constant_labels(self, label_rates: Mapping[str, Mapping[str, float]]) -> Iterable[str]:
        constants = self._constants(label_rates)
        for label in self._schema.of_kind("label"):
            tasks = [f"`{name}`" for name, task in self._schema.tasks.items() if task.label == label]
            for value in (0, 1):
                if where := [split for split in label_rates if constants.get((label, split)) == value]:
                    who = f" by task {' and '.join(tasks)}" if tasks else ""
                    yield (
                        f"label `{label}` is {value} in every row of {' and '.join(where)}: nothing can be learned or "
                        f"measured there{who}; look at how it is written (`true_values`, `false_values`), or at `split`"
                    )

    def _unknown_labels(
        self, label_rates: Mapping[str, Mapping[str, float]], unknown: Mapping[str, Mapping[str, int]]
    ) -> Iterable[str]:
        for label in unknown:
            where = [split for split, rates in label_rates.items() if label not in rates]
            if where and (delay := self._schema.delays.get(label)) is not None:
                yield (
                    f"label `{label}` is known in no row of {' and '.join(where)}, none of which is "
                    f"{delay.window} days old when the log ends: nothing can be learned or measured there; give a "
                    "longer log, or split by user or by row"
                )
            elif where:
                yield (
                    f"label `{label}` is known in no row of {' and '.join(where)}: nothing can be learned or measured "
                    "there; look at how it is written, or at `split`"
                )

    def _copies(self) -> Iterable[str]:
        for label, features in self.copies.items():
            told = [f"{name} (AUC {area:.3f})" for name, area in sorted(features.items(), key=lambda item: -item[1])]
            rows = sum(map(len, self._sample))
            yield (
                f"label `{label}` is told by one feature alone, in a sample of {rows:,} rows: {_listed(told)}; is it "
                "known before the outcome?"
            )

    def _orphans(self) -> Iterable[str]:
        for name, (all_of_them, orphans) in self._outcomes.items():
            if not orphans:
                continue
            task = self._schema.tasks[name]
            condition = self._schema.tasks[str(task.conditioned_on)]
            use = "counts them as 0" if task.space == "entire" else f"learns from rows with {condition.label} = 1 alone"
            yield (
                f"label `{task.label}` is 1 where `{condition.label}` is 0 in {orphans:,} of its {all_of_them:,} rows "
                f"({100 * orphans / all_of_them:.0f} %): task `{name}` {use}"
            )

    def _features(self) -> Iterable[str]:
        if nothing := self._constant.without_value():
            yield (
                f"columns without any value: {_listed(nothing)}; look at their names in the files (`source`) and at "
                "`null_values`, or leave them out of the schema"
            )
        if same := [name for name in self._constant.of_one_value() if name in self._schema.features]:
            yield f"features with one value in all rows: {_listed(same)}"

    def _users_and_times(self) -> Iterable[str]:
        if self._users.holds and self._rows > 1:
            yield (
                f"each of the {self._rows:,} rows has a `{self._schema.user_key}` of its own: metrics by user mean "
                "nothing; is it the id of the user?"
            )
        if self._times.late:
            (timestamp,) = self._schema.of_kind("timestamp")
            yield (
                f"rows are not in the order of `{timestamp}` ({self._times.late:,} of {self._rows:,} are earlier than "
                "the row before)" + ("; the split goes by time all the same" if self._schema.split.by == "time" else "")
            )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more
