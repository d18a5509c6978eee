"""The kinds of runs: what a folder's `run.json` calls them, and the class that opens each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tfelc.core.registry import Registry

if TYPE_CHECKING:
    from tfelc.lifecycle.run import Run

RUN_KINDS: Registry[type[Run[Any]]] = Registry(
    "kind of run",
    {"ranker": "tfelc.ranker.run:RankerRun", "next_item": "tfelc.next_item.run:NextItemRun"},
)
