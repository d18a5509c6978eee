"""The columns of a log and what each one means.

The schema is the only place where a column's name is written: inputs, parse code, serving signatures, warm-up records
and reports all derive from it. A new column or task is a change of the YAML file alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import ValidationError, model_validator

from tfelc.core.errors import SchemaError, UsageError
from tfelc.core.renamed_names import with_new_names
from tfelc.core.validation_message import validation_message
from tfelc.core.yaml_text import load_yaml
from tfelc.schema.aggregate import Aggregate
from tfelc.schema.aggregate_columns import with_aggregates
from tfelc.schema.checks import check_schema
from tfelc.schema.column import OUTCOME_KINDS, Column, Kind
from tfelc.schema.delay import Delay
from tfelc.schema.delay_checks import check_delays
from tfelc.schema.embedding_table import EmbeddingTable
from tfelc.schema.list_sequence import ListSequence
from tfelc.schema.renames import SCHEMA_RENAMES
from tfelc.schema.request_key import check_request_key
from tfelc.schema.schema_part import SchemaPart
from tfelc.schema.score import check_score
from tfelc.schema.spelling import Separator, TimeZone
from tfelc.schema.split import Split
from tfelc.schema.task import Task

_SPELLING = ("true_values", "false_values", "null_values", "separator", "timezone")
_LATER_TASK_KEYS = ("row_weight", "kind", "loss", "scale", "levels", "negatives_kept", "already_sampled", "delay")
_SHAPE = "a schema is a mapping with `name`, `columns` and `tasks`"


class Schema(SchemaPart):
    """The columns, embedding tables and tasks of a log.

    Attributes:
        name: What the schema is called in messages, manifests and reports.
        columns: Name -> column.
        tasks: Name -> task.
        tables: Name -> embedding table, for those that several columns share or that differ from the defaults.
            Defaults to none.
        user_key: Column that tells the users apart, for metrics by user and a split by user. Defaults to none.
        split: How `prepare table` splits the log. Defaults to a random split of the rows.
        true_values: Texts that mean 1 in labels, beside `true`, `t` and 1. Defaults to none.
        false_values: Texts that mean 0 in labels, beside `false`, `f` and 0. Defaults to none.
        null_values: Texts that mean that there is no value. Defaults to none.
        separator: What stands between the values of a list that is written as text. Defaults to `|`.
        timezone: Zone of times that come without one, and where the days of `aggregates` and of `request_key` begin.
            Defaults to UTC.
        aggregates: Name -> feature that is counted from the log's own earlier rows; each is a column, too. Defaults to
            none.
        request_key: Column that tells apart what is ranked together, or `user_and_day`: GAUC is then within each of
            those. Defaults to the user key.
        score: Formula over the outputs, such as `ctr * cvr ** 0.5`, that becomes the output `score`, by which rankings
            go. Defaults to none.
        sequences: Name -> lists that are equally long in each row, and say together what happened, one thing after the
            other. Defaults to none.

    Example:
        >>> schema = Schema.load({
        ...     "name": "shop",
        ...     "columns": {"clicked": {"kind": "label"}, "price": {"kind": "number", "role": "item"}},
        ...     "tasks": {"ctr": {"label": "clicked"}},
        ... })
        >>> list(schema.features)
        ['price']
    """

    name: str
    columns: dict[str, Column]
    tasks: dict[str, Task]
    tables: dict[str, EmbeddingTable] = {}
    user_key: str | None = None
    split: Split = Split()
    true_values: tuple[str, ...] = ()
    false_values: tuple[str, ...] = ()
    null_values: tuple[str, ...] = ()
    separator: Separator = "|"
    timezone: TimeZone = "UTC"
    aggregates: dict[str, Aggregate] = {}
    request_key: str | None = None
    score: str | None = None
    sequences: dict[str, ListSequence] = {}

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        self.columns.update(with_aggregates(self.columns, self.aggregates, self.user_key))
        check_request_key(self.request_key, self.columns, self.user_key)
        check_schema(self.columns, self.tasks, self.tables, self.user_key, self.split, self.sequences)
        check_delays(self.columns, self.tasks, self.aggregates)
        if self.score is not None:
            check_score(self.score, self.columns, self.tasks)
        return self

    @classmethod
    def load(cls, source: Path | str | Mapping[str, Any]) -> Schema:
        """Reads and checks a schema.

        Args:
            source: Path, str or Mapping. The path of a YAML file, or the content of one.

        Returns:
            The schema.

        Raises:
            SchemaError: The file is missing or is not YAML, or the schema contradicts itself.
        """
        if isinstance(source, Mapping):
            return cls.parse(dict(source), "schema")
        path = Path(source)
        try:
            content = load_yaml(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise SchemaError(f"{path}: no such schema file") from None
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise SchemaError(f"{path}: not a readable YAML file: {' '.join(str(error).split())}") from error
        return cls.parse(content, str(path))

    @classmethod
    def parse(cls, content: object, where: str) -> Schema:
        """Checks content that was read from a file; names of before are read as those of today, with a warning.

        Args:
            content: What YAML makes of a schema.
            where: str. What to call its source in messages.

        Returns:
            The schema.

        Raises:
            SchemaError: The first fault found.
        """
        if content is None:
            raise SchemaError(f"{where}: is empty; {_SHAPE}")
        if not isinstance(content, dict):
            raise SchemaError(f"{where}: {_SHAPE}. Received: {content!r:.80}")
        try:
            return cls.model_validate(with_new_names(content, SCHEMA_RENAMES, where))
        except ValidationError as error:
            raise SchemaError(f"{where}: {validation_message(error, cls)}") from None
        except UsageError as error:
            raise SchemaError(str(error)) from None

    def dump(self) -> str:
        """The schema as YAML, only what differs from the defaults."""
        content = self.model_dump(mode="json", exclude_defaults=True)
        return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)

    def hash(self) -> str:
        """SHA-256 of the schema's meaning, for manifests."""
        content = self.model_dump(mode="json")
        # Under the keys' first names: kept runs and scored folders are told from others by this hash.
        for task in content["tasks"].values():
            task["given"] = task.pop("conditioned_on")
            task["space"] = {"conditional": "given"}.get(task["space"], task["space"])
            for key in _LATER_TASK_KEYS:  # As with the keys below.
                if task[key] == Task.model_fields[key].default:
                    del task[key]
        # And without the keys that came later, where they say nothing.
        for part in (content, *content["columns"].values()):
            for key in _SPELLING:
                if not part.get(key) or part.get(key) == Schema.model_fields[key].default:
                    part.pop(key, None)
        for column in content["columns"].values():
            for key in ("source", "width"):
                if column[key] is None:
                    del column[key]
            if not column["nullable"]:
                del column["nullable"]
        for table in content["tables"].values():
            if table["pretrained"] is None:
                del table["pretrained"], table["trainable"]
        for key in ("aggregates", "request_key", "score", "sequences"):  # Without them, what it always meant.
            if content[key] == type(self).model_fields[key].default:
                del content[key]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def as_read(self, columns: Iterable[str] | None = None) -> dict[str, Column]:
        """Columns with what the schema as a whole says of the spelling of values.

        Args:
            columns: Iterable of str. Their names. Defaults to all columns.
        """
        read = {}
        for name in self.columns if columns is None else columns:
            column = self.columns[name]
            says = _SPELLING if column.kind == "label" else _SPELLING[2:]
            own = {key: getattr(self, key) for key in says if getattr(column, key) is None}
            read[name] = column.model_copy(update=own)
        return read

    def source_names(self, columns: Iterable[str]) -> list[str]:
        """What columns are called in files and frames; a name that is no column's stays.

        Args:
            columns: Iterable of str. Their names in the schema.
        """
        return [(self.columns[name].source or name) if name in self.columns else name for name in columns]

    @property
    def optional_names(self) -> list[str]:
        """What the columns that a file may lack are called there: those with a `default`."""
        return self.source_names(name for name, column in self.columns.items() if column.default is not None)

    @property
    def undefined_labels(self) -> dict[str, list[str]]:
        """Each label that may be null -> the labels none of which may then be 1.

        A conversion is not defined where its condition did not come; see `Task.conditioned_on`. One that is `nullable`
        may be null in any row.
        """
        found: dict[str, list[str]] = {}
        for label in self.outcomes:
            conditions = [task.conditioned_on for task in self.tasks.values() if task.label == label]
            if self.columns[label].nullable:
                found[label] = []
            elif conditions and all(conditions):
                found[label] = [self.tasks[str(name)].label for name in conditions]
        return found

    @property
    def row_weights(self) -> dict[str, str]:
        """Each task whose rows are weighed -> the column that says how: its own, or the one for all tasks."""
        named = {task.row_weight for task in self.tasks.values()}
        for_all = next((name for name in self.of_kind("weight") if name not in named), None)
        columns = {name: task.row_weight or for_all for name, task in self.tasks.items()}
        return {name: column for name, column in columns.items() if column is not None}

    @property
    def outcomes(self) -> dict[str, Column]:
        """The columns that tasks predict, in order."""
        return {name: column for name, column in self.columns.items() if column.kind in OUTCOME_KINDS}

    @property
    def sampled_task(self) -> str | None:
        """The task whose negatives are not all there in training; None where no task has `negatives_kept`."""
        return next((name for name, task in self.tasks.items() if task.negatives_kept is not None), None)

    @property
    def nullable_labels(self) -> frozenset[str]:
        """The labels that are not known in every prepared row: those that come late are not known in young ones."""
        return frozenset(name for name, column in self.columns.items() if column.nullable or name in self.delays)

    @property
    def delays(self) -> dict[str, Delay]:
        """Each label that comes late -> how long it is waited for."""
        late = {task.label: task.delay for task in self.tasks.values() if task.delay is not None}
        return {label: delay for label, delay in late.items() if label in self.columns}

    def of_kind(self, kind: Kind) -> dict[str, Column]:
        """The columns of one kind, in order."""
        return {name: c for name, c in self.columns.items() if c.kind == kind}

    @property
    def log(self) -> Schema:
        """The schema of the log itself: without the columns that aggregates become."""
        return self.only(name for name in self.columns if name not in self.aggregates)

    def only(self, names: Iterable[str]) -> Schema:
        """The schema with some of the columns alone, to read and check these."""
        return self.model_copy(update={"columns": {name: self.columns[name] for name in names}})

    @property
    def features(self) -> dict[str, Column]:
        """The columns that enter the model, in order: what a request has to hold."""
        return {name: c for name, c in self.columns.items() if c.is_feature}

    @property
    def trained_on(self) -> dict[str, Column]:
        """The features, and the columns of role `bias`, in order."""
        return {name: c for name, c in self.columns.items() if c.is_feature or c.is_bias}

    @property
    def sequence_columns(self) -> dict[str, tuple[str, ...]]:
        """Each list that is in a sequence -> all the lists of that sequence."""
        return {name: sequence.columns for sequence in self.sequences.values() for name in sequence.columns}

    def table_of(self, column: str) -> tuple[str, EmbeddingTable]:
        """Name and settings of the embedding table that a category or list column uses."""
        name = self.columns[column].table or column
        return name, self.tables.get(name, EmbeddingTable())
