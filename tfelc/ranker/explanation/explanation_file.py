"""An explanation that was kept in a file."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from tfelc.core.errors import UsageError
from tfelc.ranker.explanation.explanation import Explanation


def read_explanation(path: Path) -> Explanation:
    """What `Explanation.to_json` made, from a JSON file.

    Args:
        path: The file.

    Raises:
        UsageError: It is not there, or holds something else.
    """
    try:
        content = _with_nan(json.loads(path.read_text(encoding="utf-8")))
        return TypeAdapter(Explanation).validate_python(content)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, ValidationError):
        raise UsageError(f"{path}: is not what `tfelc explain --json` prints; make it again by that") from None


def _with_nan(content: Any) -> Any:
    """The content with NaN, which JSON lacks, in the place of null."""
    if isinstance(content, dict):
        return {key: _with_nan(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_with_nan(value) for value in content]
    return math.nan if content is None else content
