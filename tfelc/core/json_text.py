"""JSON that every reader takes."""

from __future__ import annotations

import json
import math
from typing import Any


def json_text(content: Any) -> str:
    """Formats as JSON; a value that is not defined (NaN), which JSON cannot write, becomes null."""
    return json.dumps(_defined(content), indent=2, allow_nan=False)


def _defined(content: Any) -> Any:
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    if isinstance(content, dict):
        return {key: _defined(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_defined(value) for value in content]
    return content
