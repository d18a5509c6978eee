"""Parts that settings name, each with the keys that apply to it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import pytest
from pydantic import Field, ValidationError, model_validator

from tfelc.core.errors import ConfigError
from tfelc.core.part_settings import PartSettings
from tfelc.core.registry import Registry
from tfelc.core.settings import Settings

SHAPES: Registry[type[Shape]] = Registry("shape", {})


class Shape(PartSettings):
    registry: ClassVar[Registry[Any]] = SHAPES
    default_name: ClassVar[str] = "square"

    color: str = "black"


class Square(Shape):
    name: Literal["square"] = "square"
    side: float = Field(1.0, gt=0)


class Round(Settings):
    radius: float = Field(1.0, gt=0)


class Ring(Shape):
    name: Literal["ring"] = "ring"
    inner: Round = Round()
    outer: Round = Round(radius=2.0)

    @model_validator(mode="after")
    def _inner_is_inside(self) -> Ring:
        if self.inner.radius >= self.outer.radius:
            raise ValueError("shape.inner.radius must be below shape.outer.radius")
        return self


class Nested(Shape):
    """A part that holds another one."""

    name: Literal["nested"] = "nested"
    inside: Shape = Square()


for part in (Square, Ring, Nested):
    SHAPES.register(part.model_fields["name"].default, part)


class Picture(Settings):
    shape: Shape = Square()
    title: str = ""


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("ring", Ring()),
        ({"name": "ring", "inner": {"radius": 0.5}}, Ring(inner=Round(radius=0.5))),
        ({"name": "square"}, Square()),
        ({"side": 3}, Square(side=3)),
        ({}, Square()),
        ({"name": "nested", "inside": "ring"}, Nested(inside=Ring())),
        (Ring(color="red"), Ring(color="red")),
    ],
)
def test_a_part_is_named_alone_or_with_its_settings(value: Any, found: Shape) -> None:
    shape = Picture.load({"shape": value}).shape
    assert shape == found and type(shape) is type(found)
    assert Picture(shape=value).shape == found


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ("rong", "`shape`: no shape `rong`; it is one of square, ring, nested; did you mean `ring`?"),
        ({"name": "oval"}, "`shape`: no shape `oval`; it is one of square, ring, nested"),
        ({"name": 7, "side": 2}, "`shape`: no shape `7`; it is one of square, ring, nested"),
        ({"name": ["ring"]}, "`shape`: no shape `['ring']`; it is one of square, ring, nested; did you mean `ring`?"),
        (7, "`shape`: must be a mapping of names to values. Received: 7"),
        (None, "`shape`: must be a mapping of names to values. Received: None"),
        ({"name": "ring", "side": 2}, "`shape.side`: no such setting; it is one of name, color, inner, outer"),
        ({"side": 0}, "`shape.side`: must be above 0. Received: 0"),
        ({"name": "ring", "inner": {"radus": 1}}, "`shape.inner.radus`: no such setting; did you mean `radius`?"),
        ({"name": "ring", "inner": {"radius": "x"}}, "`shape.inner.radius`: must be a number. Received: 'x'"),
        (
            {"name": "nested", "inside": {"name": "ring", "inner": {"radius": 0}}},
            "`shape.inside.inner.radius`: must be above 0. Received: 0",
        ),
        ({"name": "nested", "inside": "x"}, "`shape.inside`: no shape `x`; it is one of square, ring, nested"),
        # A check of several settings names them itself, wherever they stand.
        ({"name": "ring", "inner": {"radius": 5}}, "shape.inner.radius must be below shape.outer.radius"),
    ],
)
def test_every_fault_is_one_line_with_its_place(shape: Any, message: str) -> None:
    for source, overrides in (({"shape": shape}, {}), ({}, {"shape": shape})):
        with pytest.raises(ConfigError) as error:
            Picture.load(source, overrides)
        assert str(error.value) == f"settings: {message}"


def test_a_part_made_in_code_is_checked_alike() -> None:
    with pytest.raises(ValidationError, match="no shape `oval`"):
        Picture(shape="oval")  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="side"):
        Picture(shape={"name": "ring", "side": 2})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("overrides", "found"),
    [
        (["shape.side=4"], Square(side=4, color="red")),
        (["shape.name=square"], Square(side=3, color="red")),
        # The side is the square's alone, the color is every shape's.
        (["shape=ring"], Ring(color="red")),
        (["shape.name=ring", "shape.inner.radius=0.5"], Ring(color="red", inner=Round(radius=0.5))),
        (["shape={name: ring, color: blue}"], Ring(color="blue")),
        ({"shape": Ring()}, Ring()),
    ],
)
def test_overrides_of_a_part(overrides: Any, found: Shape) -> None:
    for source in ({"name": "square", "side": 3, "color": "red"}, {"side": 3, "color": "red"}):
        assert Picture.load({"shape": source}, overrides).shape == found


def test_a_key_that_no_part_has_is_not_lost_with_the_old_part() -> None:
    with pytest.raises(ConfigError, match="`shape.sied`: no such setting"):
        Picture.load({"shape": {"name": "square", "sied": 3}}, ["shape=ring"])


def test_parts_inside_parts_are_switched_alike() -> None:
    source = {"name": "nested", "inside": {"name": "square", "side": 3, "color": "red"}}
    assert Picture.load({"shape": source}, ["shape.inside=ring"]).shape == Nested(inside=Ring(color="red"))
    assert Picture.load({"shape": source}, ["shape.inside.side=2"]).shape == Nested(inside=Square(side=2, color="red"))


@pytest.mark.parametrize("shape", [Square(side=2), Ring(color="red"), Nested(inside=Ring(inner=Round(radius=0.1)))])
def test_what_is_dumped_loads_as_the_same(shape: Shape, tmp_path) -> None:
    picture = Picture(shape=shape, title="x")
    path = tmp_path / "picture.yaml"
    path.write_text(picture.dump())
    assert Picture.load(path) == picture and type(Picture.load(path).shape) is type(shape)
    assert Picture.load(picture.to_dict()) == picture
    assert set(picture.to_dict()["shape"]) == set(type(shape).model_fields)
