"""How a prepared dataset is told from a log."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def is_prepared(data: Any) -> bool:
    """Whether something is the path of a folder that `tfelc prepare` wrote."""
    return isinstance(data, str | Path) and (Path(data) / "manifest.json").is_file()
