"""The value of a setting as it is shown."""

from __future__ import annotations

import json
from typing import Any


def setting_text(value: Any) -> str:
    """A number by four digits, text as it is, anything else as JSON.

    Example:
        >>> [setting_text(value) for value in (0.00123456, "ple", [64, 32], True)]
        ['0.001235', 'ple', '[64, 32]', 'true']
    """
    if isinstance(value, float):
        return f"{value:.4g}"
    return value if isinstance(value, str) else json.dumps(value)
