"""What pydantic finds wrong, in one plain line."""

from typing import Annotated, Any, Literal, Self

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tfelc.core.validation_message import near_miss, validation_message


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class _Mmoe(_Part):
    name: Literal["mmoe"] = "mmoe"
    experts: int = 4


class _Ple(_Part):
    name: Literal["ple"]
    per_task: int = 2


class _Column(_Part):
    kind: Literal["number", "category"]
    role: str | None = None
    default: float | int | str | None = None

    @model_validator(mode="after")
    def _has_role(self) -> Self:
        if self.role == "none":
            raise ValueError("a feature needs a `role`")
        return self


class _Whole(_Part):
    columns: dict[str, _Column] = {}
    architecture: Annotated[_Mmoe | _Ple, Field(discriminator="name")] = _Mmoe()
    either: _Mmoe | _Column | None = None
    units: tuple[Annotated[int, Field(gt=0)], ...] = Field((1,), min_length=1, max_length=3)
    share: float = Field(0.5, ge=0, lt=1)
    on: bool = True
    shown: int = Field(1, alias="number")


def _said(content: Any, noun: str = "key") -> str:
    with pytest.raises(ValidationError) as error:
        _Whole.model_validate(content)
    message = validation_message(error.value, _Whole, noun)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        # A key that there is not, at every depth, also inside one of several models.
        ({"colums": {}}, "`colums`: no such key; did you mean `columns`?"),
        (
            {"columns": {"price": {"kind": "number", "rol": "user"}}},
            "`columns.price.rol`: no such key; did you mean `role`?",
        ),
        (
            {"columns": {"price": {"kind": "number", "color": 1}}},
            "`columns.price.color`: no such key; it is one of kind, role, default",
        ),
        (
            {"architecture": {"name": "ple", "pertask": 1}},
            "`architecture.pertask`: no such key; did you mean `per_task`?",
        ),
        ({"architecture": {"name": "mmoe", "x": 1}}, "`architecture.x`: no such key; it is one of name, experts"),
        ({"either": {"expert": 3}}, "`either.expert`: no such key; did you mean `experts`?"),
        ({"numbr": 2}, "`numbr`: no such key; did you mean `number`?"),
        # A value of another type, or out of range.
        ({"columns": {"price": {}}}, "`columns.price.kind`: is missing"),
        (
            {"columns": {"price": {"kind": "nubmer"}}},
            "`columns.price.kind`: must be one of number, category. Received: 'nubmer'; did you mean `number`?",
        ),
        ({"columns": {"price": {"kind": 7}}}, "`columns.price.kind`: must be one of number, category. Received: 7"),
        ({"columns": {"price": {"kind": "number", "role": 3}}}, "`columns.price.role`: must be text. Received: 3"),
        (
            {"columns": {"price": {"kind": "number", "default": [1]}}},
            "`columns.price.default`: must be a number or text. Received: [1]",
        ),
        ({"columns": {"price": 3}}, "`columns.price`: must be a mapping of names to values. Received: 3"),
        ({"columns": [1]}, "`columns`: must be a mapping of names to values. Received: [1]"),
        ({"columns": {1: {"kind": "number"}}}, "`columns.1`: a name must be text: put it in quotes. Received: 1"),
        # YAML reads `on`, `yes` and `no` so; pydantic knows the place as 1.
        ({True: 1}, "`1`: a name must be text: put it in quotes. Received: True"),
        (
            {"architecture": {"name": "pel"}},
            "`architecture`: must be a mapping whose `name` is one of mmoe, ple. Received: {'name': 'pel'}",
        ),
        ({"architecture": {}}, "`architecture`: must be a mapping with `name`. Received: {}"),
        ({"units": [2, 0]}, "`units.1`: must be above 0. Received: 0"),
        ({"units": [2.5]}, "`units.0`: must be a whole number. Received: 2.5"),
        ({"units": ["many"]}, "`units.0`: must be a whole number. Received: 'many'"),
        ({"units": 3}, "`units`: must be a list. Received: 3"),
        ({"units": []}, "`units`: must be a list of at least 1. Received: []"),
        ({"units": [1, 2, 3, 4]}, "`units`: must be a list of at most 3. Received: [1, 2, 3, 4]"),
        ({"share": -1}, "`share`: must be at least 0. Received: -1"),
        ({"share": 1}, "`share`: must be below 1. Received: 1"),
        ({"share": float("nan")}, "`share`: must be a finite number. Received: nan"),
        ({"share": None}, "`share`: must be a number. Received: None"),
        ({"on": "perhaps"}, "`on`: must be true or false. Received: 'perhaps'"),
        ([], "must be a mapping of names to values. Received: []"),
        ({"on": "x" * 100}, f"`on`: must be true or false. Received: '{'x' * 79} ..."),
        # What a model's own check says is repeated as it stands.
        ({"columns": {"x": {"kind": "number", "role": "none"}}}, "`columns.x`: a feature needs a `role`"),
    ],
)
def test_a_fault_is_one_plain_line(content: Any, message: str) -> None:
    assert _said(content) == message


def test_a_key_is_called_as_the_caller_calls_it() -> None:
    assert _said({"shrae": 1}, "setting") == "`shrae`: no such setting; did you mean `share`?"


def test_a_near_miss() -> None:
    assert near_miss("rol", ["role", "kind"]) == "; did you mean `role`?"
    assert near_miss("color", ["role", "kind"]) == near_miss(3, []) == ""
