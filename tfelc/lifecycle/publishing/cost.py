"""How long versions take to answer, and how large they are."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tfelc.lifecycle.publishing.measurements import Cost

_ROUNDS = 30


def costs(paths: Sequence[Path], calls: Sequence[Mapping[int, Callable[[], object]]]) -> list[Cost]:
    """The cost of each version.

    The calls of all versions take turns, so that whatever else the machine does meets all alike, and the fastest of
    many counts.

    Args:
        paths: Folder of each version.
        calls: Of each version, rows of a request -> what sends it.
    """
    fastest: list[dict[int, float]] = [dict.fromkeys(one, float("inf")) for one in calls]
    for _ in range(_ROUNDS):
        for version, one in enumerate(calls):
            for rows, call in one.items():
                started = time.perf_counter()
                call()
                fastest[version][rows] = min(fastest[version][rows], 1000 * (time.perf_counter() - started))
    return [Cost(found, _megabytes(path)) for path, found in zip(paths, fastest, strict=True)]


def _megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6
