"""A column of a schema."""

from __future__ import annotations

from typing import Literal, Self, get_args

from pydantic import Field, model_validator

from tfelc.schema.schema_part import SchemaPart
from tfelc.schema.spelling import Separator, TimeZone

Kind = Literal[
    "number", "category", "list", "vector", "label", "group", "id", "weight", "timestamp", "value", "event_time"
]
Role = Literal["user", "activity", "item", "context"]
# A column of the last is known in training alone, and no feature.
ColumnRole = Literal["user", "activity", "item", "context", "bias"]
BIAS: ColumnRole = "bias"
ValueType = Literal["float", "integer", "string"]

# What tasks predict: an outcome of 0 or 1, and a quantity.
OUTCOME_KINDS: tuple[Kind, ...] = ("label", "value")
FEATURE_KINDS: tuple[Kind, ...] = ("number", "category", "list", "vector")
ROLES: tuple[Role, ...] = ("user", "activity", "item", "context")
_OF_TEXT: tuple[Kind, ...] = ("category", "list", "group", "id")
_DEFAULT_TYPES: dict[Kind, ValueType] = {
    "number": "float",
    "category": "string",
    "list": "string",
    "vector": "float",
    "label": "float",
    "group": "string",
    "id": "integer",
    "weight": "float",
    "timestamp": "integer",
    "value": "float",
    "event_time": "integer",
}


class Column(SchemaPart):
    """One column of the log.

    Attributes:
        kind: What the column is. `number`, `category`, `list` and `vector` are features; the others never enter the
            model.
        role: Whose feature it is. `activity` is the part of the user that the gates and the clusters see. A feature
            needs one; the other kinds take none. A number or a category of role `bias` is no feature: what it adds to
            the logits is learned, and served as of its `default`.
        type: Type of the raw values. Defaults to the kind's usual one. A list of type `float` holds numbers, and is in
            one of the `sequences`.
        default: What a missing value means. A number is imputed with it (default: the training mean); for a category or
            a list it is the value that stands for "missing" and for padding (default: `""`, or -1 for integers).
        table: Embedding table of a category or a list. Defaults to one of the column's own.
        max_length: Values of a list that are kept, the last ones first. Defaults to 50.
        width: Numbers of a vector; required there.
        transform: What a number goes through: `standardize`, `log` (sign(x) log(1 + |x|), then standardized) or `none`.
            Defaults to `standardize`.
        buckets: Also embed a number by its quantile, in this many buckets. Defaults to 0, off.
        description: What the column is, for readers. Defaults to none.
        source: The column's name in files and frames, any text. Defaults to its name in the schema.
        true_values: Texts that mean 1 in a label, and `true` in a category, a group, an id or a list. Defaults to the
            schema's for a label.
        false_values: Texts that mean 0 or `false` likewise.
        null_values: Texts that mean that there is no value. Defaults to the schema's.
        separator: What stands between the values of a list that is written as text. Defaults to the schema's.
        timezone: Zone of times that come without one. Defaults to the schema's.
        nullable: Whether a label or a value may be null: it is then not known in that row, which its tasks leave out.
            Defaults to False.
    """

    kind: Kind
    role: ColumnRole | None = None
    type: ValueType | None = None
    default: float | int | str | None = None
    table: str | None = None
    max_length: int = Field(50, ge=1)
    width: int | None = Field(None, ge=1)
    transform: Literal["standardize", "log", "none"] = "standardize"
    buckets: int = Field(0, ge=0)
    description: str = ""
    source: str | None = Field(None, min_length=1)
    true_values: tuple[str, ...] | None = None
    false_values: tuple[str, ...] | None = None
    null_values: tuple[str, ...] | None = None
    separator: Separator | None = None
    timezone: TimeZone | None = None
    nullable: bool = False

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        # What is set as it would be anyway does no harm: a schema comes back from its own full dump.
        fields = type(self).model_fields
        changed = {name for name in self.model_fields_set if getattr(self, name) != fields[name].default}
        allowed = {"kind", "description", "source", "null_values"}
        if self.kind in FEATURE_KINDS:
            allowed |= {"role"}
        if self.kind in ("number", "category", "list", "id"):
            allowed |= {"type"}
        if self.kind == "number":
            allowed |= {"default", "transform", "buckets"}
        elif self.is_embedded:
            allowed |= {"default", "table"}
        if self.kind == "list":
            allowed |= {"max_length"} if self.is_embedded else {"max_length", "transform"}
        if self.kind == "vector":
            allowed |= {"transform", "width", "separator"}
            if self.width is None:
                raise ValueError("a vector needs a `width`, the number of its numbers")
        if self.kind in ("timestamp", "event_time"):
            allowed |= {"timezone"}
        if self.kind == "label" or (self.kind in _OF_TEXT and self.value_type == "string"):
            allowed |= {"true_values", "false_values"}
        if self.kind in OUTCOME_KINDS:
            allowed |= {"nullable"}
        if self.kind == "list":
            allowed |= {"separator"}
        if self.is_bias:
            allowed -= {"table", "buckets"}
            if self.default is None:
                raise ValueError("a column of role `bias` needs a `default`, at which it is served")
        if extra := sorted(changed - allowed):
            words = " of whole numbers" if extra[0] in ("true_values", "false_values") and self.kind in _OF_TEXT else ""
            words += " of role `bias`" if self.is_bias else ""
            raise ValueError(f"a column of kind `{self.kind}`{words} takes no `{extra[0]}`")
        if self.role == BIAS and not self.is_bias:
            raise ValueError(f"a column of role `bias` is a number or a category. Received: kind `{self.kind}`")
        if self.kind in FEATURE_KINDS and self.role is None:
            raise ValueError(f"a feature needs a `role`, one of {', '.join(get_args(ColumnRole))}")
        if self.kind == "category" and self.value_type == "float":
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
        """The value that stands for a missing one in a category or an embedded list (and pads a list)."""
        if self.value_type == "string":
            return str(self.default or "")
        return -1 if self.default is None else int(self.default)

    @property
    def is_embedded(self) -> bool:
        """Whether its values are looked up in an embedding table, each as a whole."""
        return self.kind == "category" or (self.kind == "list" and self.value_type != "float")

    @property
    def is_listed(self) -> bool:
        """Whether a row holds a list of values."""
        return self.kind in ("list", "vector")

    @property
    def is_feature(self) -> bool:
        """Whether the column enters the model, in training and serving."""
        return self.kind in FEATURE_KINDS and self.role != BIAS

    @property
    def is_bias(self) -> bool:
        """Whether it enters the model in training alone, and stands still in serving."""
        return self.kind in ("number", "category") and self.role == BIAS
