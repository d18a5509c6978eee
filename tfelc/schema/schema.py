"""The columns of a table and what each one means.

The schema is the only place where a column's name is written: inputs, parse code, serving signatures, warm-up records
and reports all derive from it. A new column or task is a change of the YAML file alone.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tfelc.core.errors import SchemaError
from tfelc.core.yaml_text import load_yaml
from tfelc.schema.checks import check_schema

Kind = Literal["number", "category", "list", "label", "group", "id", "weight", "timestamp"]
Role = Literal["user", "activity", "item", "context"]
ValueType = Literal["float", "integer", "string"]

FEATURE_KINDS: tuple[Kind, ...] = ("number", "category", "list")
ROLES: tuple[Role, ...] = ("user", "activity", "item", "context")
# The served outputs beside the tasks' own.
CLUSTER_OUTPUTS = ("cluster", "cluster_share")
_DEFAULT_TYPES: dict[Kind, ValueType] = {
    "number": "float",
    "category": "string",
    "list": "string",
    "label": "float",
    "group": "string",
    "id": "integer",
    "weight": "float",
    "timestamp": "integer",
}


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Table(_Frozen):
    """An embedding table, shared by every column that names it.

    Attributes:
        min_count: A value enters the vocabulary once the training split holds it this often. Defaults to 1.
        max_size: The vocabulary's largest size, the most frequent values kept. Defaults to no limit.
        values: A vocabulary given by hand; nothing is then fitted.
        hash_buckets: Hash the values into this many rows instead of keeping a vocabulary.
        dim: Width of the embedding. Defaults to the configuration's `model.embedding_dim`.
    """

    min_count: int = Field(1, ge=1)
    max_size: int | None = Field(None, ge=1)
    values: tuple[str | int, ...] | None = Field(None, min_length=1)
    hash_buckets: int | None = Field(None, ge=1)
    dim: int | None = Field(None, ge=1)

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        if self.hash_buckets and (self.values or self.max_size or self.min_count > 1):
            raise ValueError("`hash_buckets` excludes `values`, `max_size` and `min_count`")
        if self.values and (self.max_size or self.min_count > 1):
            raise ValueError("`values` excludes `max_size` and `min_count`")
        if self.values and len(set(self.values)) < len(self.values):
            twice = next(value for value in self.values if self.values.count(value) > 1)
            raise ValueError(f"`values` holds {twice!r} twice")
        return self


class Column(_Frozen):
    """One column of the table.

    Attributes:
        kind: What the column is. `number`, `category` and `list` are features; the others never enter the model.
        role: Whose feature it is. `activity` is the part of the user that the gates and the clusters see.
        type: Type of the raw values. Defaults to the kind's usual one.
        default: What a missing value means. A number is imputed with it (default: the training mean); for a category or
            a list it is the value that stands for "missing" and for padding (default: `""`, or -1 for integers).
        table: Embedding table of a category or a list. Defaults to one of the column's own.
        max_length: Values of a list that are kept, the last ones first. Defaults to 50.
        transform: What a number goes through: `standardize`, `log` (sign(x) log(1 + |x|), then standardized) or `none`.
        buckets: Also embed a number by its quantile, in this many buckets. Defaults to 0, off.
    """

    kind: Kind
    role: Role | None = None
    type: ValueType | None = None
    default: float | int | str | None = None
    table: str | None = None
    max_length: int = Field(50, ge=1)
    transform: Literal["standardize", "log", "none"] = "standardize"
    buckets: int = Field(0, ge=0)
    description: str = ""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        # What is given as it would be anyway does no harm: a schema comes back from its own full dump.
        fields = type(self).model_fields
        given = {name for name in self.model_fields_set if getattr(self, name) != fields[name].default}
        allowed = {"kind", "description"} | ({"role"} if self.kind in FEATURE_KINDS else set())
        if self.kind in ("number", "category", "list", "id"):
            allowed |= {"type"}
        if self.kind == "number":
            allowed |= {"default", "transform", "buckets"}
        elif self.kind in ("category", "list"):
            allowed |= {"default", "table"} | ({"max_length"} if self.kind == "list" else set())
        if extra := sorted(given - allowed):
            raise ValueError(f"a column of kind `{self.kind}` takes no `{extra[0]}`")
        if self.kind in FEATURE_KINDS and self.role is None:
            raise ValueError(f"a feature needs a `role`, one of {', '.join(ROLES)}")
        if self.kind in ("category", "list") and self.value_type == "float":
            raise ValueError("a category is of type `string` or `integer`, not `float`")
        if self.kind == "number" and self.value_type == "string":
            raise ValueError("a number is of type `float` or `integer`, not `string`")
        if self.default is not None:
            wanted = {"float": (float, int), "integer": (int,), "string": (str,)}[self.value_type]
            if not isinstance(self.default, wanted):
                raise ValueError(f"`default` must be of type {self.value_type}. Received: {self.default!r}")
        return self

    @property
    def value_type(self) -> ValueType:
        """Type of the raw values."""
        return self.type or _DEFAULT_TYPES[self.kind]

    @property
    def missing(self) -> str | int:
        """The value that stands for a missing one in a category or a list (and pads a list)."""
        if self.value_type == "string":
            return str(self.default or "")
        return -1 if self.default is None else int(self.default)

    @property
    def is_feature(self) -> bool:
        """Whether the column enters the model."""
        return self.kind in FEATURE_KINDS


class Task(_Frozen):
    """One head of the model.

    Attributes:
        label: Column with the 0/1 outcome.
        given: Task whose outcome this one needs first, as a conversion needs a click.
        space: Where a task with `given` is trained: `given`, on the rows where that outcome is 1, or `entire`, over all
            rows through the product of the probabilities (ESMM).
        joint: Name of the product's output, P(this and given). Defaults to `<given>_<task>`.
        weight: Weight of the task's loss. Defaults to 1.
    """

    label: str
    given: str | None = None
    space: Literal["given", "entire"] = "given"
    joint: str | None = None
    weight: float = Field(1.0, gt=0)

    @model_validator(mode="after")
    def _needs_given(self) -> Self:
        if self.given is None and (self.joint or self.space == "entire"):
            raise ValueError("`joint` and `space: entire` need `given`")
        return self


class Split(_Frozen):
    """How a raw table falls into train, validation and test.

    Attributes:
        by: `time` (the last rows by the timestamp column), `user` (whole users), `row` (each row for itself), or
            `column` (a column that holds the words train, validation and test).
        column: The column that `by: column` reads.
        validation: Share of the rows for validation. Defaults to 0.1.
        test: Share of the rows for test. Defaults to 0.1.
    """

    by: Literal["time", "user", "row", "column"] = "row"
    column: str | None = None
    validation: float = Field(0.1, gt=0, lt=1)
    test: float = Field(0.1, gt=0, lt=1)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if (self.by == "column") != (self.column is not None):
            raise ValueError("`by: column` and `column` go together")
        if self.validation + self.test >= 1:
            raise ValueError("`validation` + `test` must leave rows for training")
        return self


class Schema(_Frozen):
    """A table's columns, embedding tables and tasks; see the classes above."""

    name: str
    columns: dict[str, Column]
    tasks: dict[str, Task]
    tables: dict[str, Table] = {}
    user_key: str | None = None
    split: Split = Split()

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        check_schema(self, CLUSTER_OUTPUTS)
        return self

    @classmethod
    def load(cls, path: Path) -> Schema:
        """Reads and checks a schema file.

        Raises:
            SchemaError: The file is missing, is not YAML, or contradicts itself.
        """
        try:
            return cls.parse(load_yaml(path.read_text(encoding="utf-8")), str(path))
        except FileNotFoundError:
            raise SchemaError(f"{path}: no such schema file") from None
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            raise SchemaError(f"{path}: not a readable YAML file: {' '.join(str(error).split())}") from error

    @classmethod
    def parse(cls, content: object, where: str) -> Schema:
        """Checks a schema that was read from `where`; raises SchemaError with the first fault found."""
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            message = first["msg"].removeprefix("Value error, ")
            raise SchemaError(f"{where}: {f'{place}: ' if place else ''}{message}") from None

    def dump(self) -> str:
        """The schema as YAML, only what differs from the defaults."""
        content = self.model_dump(mode="json", exclude_defaults=True)
        return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)

    def hash(self) -> str:
        """SHA-256 of the schema's meaning, for manifests."""
        return hashlib.sha256(json.dumps(self.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()

    def of_kind(self, kind: Kind) -> dict[str, Column]:
        """The columns of one kind, in order."""
        return {name: c for name, c in self.columns.items() if c.kind == kind}

    @property
    def features(self) -> dict[str, Column]:
        """The columns that enter the model, in order."""
        return {name: c for name, c in self.columns.items() if c.is_feature}

    def table_of(self, column: str) -> tuple[str, Table]:
        """Name and settings of the embedding table that a category or list column uses."""
        name = self.columns[column].table or column
        return name, self.tables.get(name, Table())
