"""The list of all settings, and docs/settings.md, which is made of it."""

from pathlib import Path
from typing import ClassVar, Literal

import pytest
from pydantic import Field

from tests.support.command import call
from tfelc.core.part_settings import PartSettings
from tfelc.core.registry import Registry
from tfelc.core.settings import Settings
from tfelc.core.settings_page import settings_page

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"
SHAPES: Registry[type["_Shape"]] = Registry("shape", {})


class _Shape(PartSettings):
    """A shape.

    Attributes:
        filled: Whether it is filled.
    """

    registry: ClassVar = SHAPES
    default_name: ClassVar = "dot"

    filled: bool = True


class _Dot(_Shape):
    """A dot, which has
    no size.

    It is the smallest shape.
    """

    name: Literal["dot"] = "dot"


class _Disk(_Shape):
    """A disk.

    Attributes:
        radius: Half of its
            width.
    """

    name: Literal["disk"] = "disk"
    radius: float = Field(1.5, gt=0, le=9)


class _Pen(Settings):
    """A pen.

    Attributes:
        color: Its color.
        widths: Its widths.
    """

    color: Literal["red", "blue"] = "blue"
    widths: tuple[int, ...] = (1, 2)


class _Drawing(Settings):
    """A drawing.

    Attributes:
        shape: What is drawn.
        seed: Of the draws.
    """

    shape: _Shape = _Dot()
    pen: _Pen = _Pen()
    seed: int | None = Field(None, ge=0)


SHAPES.register("dot", _Dot)
SHAPES.register("disk", _Disk)


def test_a_page_by_hand() -> None:
    head = "| setting | default | allowed | meaning |\n|---|---|---|---|\n"
    assert settings_page(_Drawing) == (
        f"{head}"
        "| `shape` | `dot` | `dot`, `disk` | What is drawn. |\n"
        "| `pen.color` | `blue` | `red`, `blue` | Its color. |\n"
        "| `pen.widths` | `[1, 2]` | list of whole number | Its widths. |\n"
        "| `seed` | `null` | whole number, or null, at least 0 | Of the draws. |\n"
        f"\nWith any `shape`:\n\n{head}"
        "| `shape.filled` | `true` | true or false | Whether it is filled. |\n"
        "\nWith `shape: dot`: A dot, which has no size.\n\nNo settings of its own.\n"
        f"\nWith `shape: disk`: A disk.\n\n{head}"
        "| `shape.radius` | `1.5` | number, above 0, at most 9 | Half of its width. |\n"
    )


@pytest.mark.parametrize("task", ["ctr", "next_item"])
def test_the_command_prints_it_and_the_docs_hold_it(task: str) -> None:
    printed = call("train", "--task", task, "--settings")
    assert printed.code == 0
    assert printed.out in PAGE.read_text(), f"tfelc train --task {task} --settings gives what docs/settings.md lacks"
    # Every setting says what it means.
    assert "|  |\n" not in printed.out


def test_without_a_task_it_is_the_rankers() -> None:
    assert call("train", "--settings").out == call("train", "--task", "ctr", "--settings").out
    outcome = call("train")
    assert outcome.code == 2 and "--task is missing" in outcome.err
