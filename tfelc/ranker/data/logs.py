"""Logs of impressions that are known by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfelc.core.registry import Registry

# Each writes a prepared dataset to `out`: `prepare(out, seed, data_dir, progress)`, with the seed of everything random,
# the folder of files that it needs, or None, and what to call with the rows done and their total. `tfelc prepare NAME`
# calls it. The package's own have options of their own there.
LOGS: Registry[Callable[..., Any]] = Registry("log", {})
