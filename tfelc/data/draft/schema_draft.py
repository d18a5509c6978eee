"""A schema for a table that nobody has described yet, to be read and mended by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from tfelc.core.errors import DataError, UsageError
from tfelc.data.checks.log_checks import LogChecks
from tfelc.data.contract import conform
from tfelc.data.draft import names
from tfelc.data.draft.column_guess import ColumnGuess
from tfelc.data.draft.column_profile import ColumnProfile
from tfelc.data.draft.sampled_rows import sampled_rows
from tfelc.data.draft.task_guess import guess_tasks
from tfelc.data.log_source import LogInput
from tfelc.schema.schema import Schema


@dataclass(frozen=True)
class SchemaDraft:
    """A drafted schema.

    Attributes:
        content: The schema, as YAML has it.
        remarks: Column, or part at the top -> what is to be said of it.
        left_out: Column -> why it is not in the schema, and what it would be there.
        warnings: What is suspicious, one line each.
        lead: What was looked at.
    """

    content: dict[str, Any]
    remarks: dict[str, str]
    left_out: dict[str, tuple[str, dict[str, Any] | None]]
    warnings: list[str]
    lead: str

    @property
    def schema(self) -> Schema:
        """The schema itself."""
        return Schema.load(self.content)

    def text(self) -> str:
        """The schema as a YAML file with comments."""
        lines = [
            f"# {self.lead}",
            "# Guessed by names and values: read it through; docs/schema.md says what each word means.",
        ]
        for key in ("name", "user_key", "split"):
            if key in self.content:
                lines.append(_commented(f"{key}: {_flow(self.content[key])}", self.remarks.get(f"/{key}")))
        for key in ("tasks", "tables", "columns"):
            parts = self.content.get(key, {})
            if parts:
                lines.append(f"{key}:")
            for name, part in parts.items():
                remark = self.remarks.get(f"/{key}/{name}")
                lines.append(_commented(f"  {_flow(name)}: {_flow(part)}", remark))
        for name, (reason, part) in self.left_out.items():
            shown = f"{_flow(name)}: {_flow(part)}" if part else _flow(name)
            lines.append(f"  # {shown}    # left out: {reason}")
        return "\n".join(lines) + "\n"


def draft_schema(source: LogInput, labels: Sequence[str], name: str = "drafted") -> SchemaDraft:
    """Drafts a schema by the names and the values of a table's columns.

    Kinds follow from types and values; roles from names and from whether values vary within a user and within an item;
    a large category is cut to its frequent values or hashed; a label that is 1 only where another is 1 is conditioned
    on that one. A feature that tells a label by itself is left out, since it is hardly known before the outcome.

    Args:
        source: pandas DataFrame, Arrow table, or path or pattern of files, or a list of those.
        labels: Sequence of str. Columns with the outcomes to predict, 0 or 1.
        name: str. What to call the schema. Defaults to `drafted`.

    Raises:
        UsageError: There is no such label, none at all, or one is no outcome.
        DataError: The table cannot be read, or leaves no feature.

    Example:
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"click": [0, 1] * 20, "user_id": [1, 2, 3, 4] * 10, "price": [0.5, 1.5, 3, 7] * 10})
        >>> frame["click"] = frame["click"].sample(frac=1, random_state=0).to_numpy()
        >>> drafted = draft_schema(frame, ["click"]).schema
        >>> drafted.user_key, drafted.columns["price"].kind, list(drafted.tasks)
        ('user_id', 'number', ['click'])
    """
    sample, rows, where = sampled_rows(source)
    profiles = {column: ColumnProfile.of(sample[column]) for column in sample.column_names}
    _check_labels(profiles, labels, where)
    outcomes = {label: profiles[label].numbers() for label in labels}
    guess = ColumnGuess(profiles, outcomes)
    features = {column for column, part in guess.columns.items() if "role" in part}
    if not features:
        raise DataError(f"{where}: no column but the labels can be a feature")
    tasks, task_remarks = guess_tasks(outcomes)
    content: dict[str, Any] = {"name": name}
    if guess.user_key:
        content["user_key"] = guess.user_key
    content |= {"split": _split(guess, profiles), "tasks": tasks}
    if guess.tables:
        content["tables"] = guess.tables
    content["columns"] = guess.columns
    remarks = {
        "/split": "the last rows by time are for validation and test" if content["split"]["by"] == "time" else "",
        **{f"/tasks/{task}": remark for task, remark in task_remarks.items()},
        **{f"/columns/{column}": remark for column, remark in guess.remarks.items()},
    }
    return _without_copies(SchemaDraft(content, remarks, guess.left_out, [], _lead(where, len(sample), rows)), sample)


def _without_copies(draft: SchemaDraft, sample: Any) -> SchemaDraft:
    """The draft with what is suspicious, and without the features that tell a label by themselves."""
    schema = draft.schema
    rows = conform(sample, schema, "sample")
    checks = LogChecks(schema)
    for start in range(0, len(rows), 1 << 16):
        checks.see(rows.slice(start, 1 << 16))
    rates = {"the sample": {label: float(np.mean(rows[label].to_numpy())) for label in schema.of_kind("label")}}
    warnings = [*checks.warnings(rates), *(f"`{name}`: left out, {why}" for name, (why, _) in draft.left_out.items())]
    columns, left_out = dict(draft.content["columns"]), dict(draft.left_out)
    for label, copies in checks.copies.items():
        for name, area in copies.items():
            if name in columns and sum("role" in part for part in columns.values()) > 1:
                left_out[name] = (f"tells `{label}` by itself (AUC {area:.3f}): is it known before?", columns.pop(name))
    tables = {
        name: table
        for name, table in draft.content.get("tables", {}).items()
        if any(part.get("table", column) == name for column, part in columns.items())
    }
    content = {**draft.content, "columns": columns}
    content.pop("tables", None)
    if tables:
        content = {
            **{key: part for key, part in content.items() if key != "columns"},
            "tables": tables,
            "columns": columns,
        }
    return SchemaDraft(content, draft.remarks, left_out, warnings, draft.lead)


def _check_labels(profiles: Mapping[str, ColumnProfile], labels: Sequence[str], where: str) -> None:
    if not labels:
        raise UsageError("`labels` names no column: name the outcomes to predict", ["labels"])
    for label in labels:
        if label not in profiles:
            raise UsageError(f"{where}: no column `{label}`; it has {', '.join(profiles)}")
        if not names.is_allowed(label):
            raise UsageError(f"{where}: label `{label}` is no name that a schema takes: rename the column")
        if not profiles[label].is_outcome:
            raise UsageError(f"{where}: label `{label}` must be 0 or 1 in every row")


def _split(guess: ColumnGuess, profiles: Mapping[str, ColumnProfile]) -> dict[str, Any]:
    if guess.timestamp is None:
        return {"by": "row"}
    times: NDArray[Any] = np.sort(profiles[guess.timestamp].numbers())
    edges = times[[int(0.8 * len(times)), int(0.9 * len(times))]]
    # A split by time needs rows on each side of both moments.
    parts = np.bincount(np.searchsorted(edges, times, side="right"), minlength=3)
    return {"by": "time"} if parts.min() else {"by": "row"}


def _lead(where: str, looked_at: int, rows: int | None) -> str:
    of = "" if rows is None or rows == looked_at else f" of {rows:,}"
    return f"Drafted by `tfelc draft` from {looked_at:,}{of} rows of {where}."


def _commented(line: str, remark: str | None) -> str:
    return f"{line}    # {remark}" if remark else line


def _flow(part: Any) -> str:
    """One line of YAML."""
    text = yaml.safe_dump(part, default_flow_style=True, sort_keys=False, allow_unicode=True, width=1 << 20)
    return text.removesuffix("\n...\n").strip()
