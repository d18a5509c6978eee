"""A part of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tfelc.lifecycle.report.markup import Markup, is_note


@dataclass(frozen=True)
class Section:
    """A part of the page under a heading of its own.

    Attributes:
        title: The heading.
        blocks: What stands under it.
    """

    title: str
    blocks: Sequence[Markup]

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands there but words on why nothing does."""
        return all(is_note(block) for block in self.blocks)
