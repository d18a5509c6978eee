"""The way back: the label names the version again that the served one replaced."""

from __future__ import annotations

import json
from pathlib import Path

from tfelc.core.errors import ExportError
from tfelc.lifecycle.export.versions import list_versions
from tfelc.lifecycle.publishing.served_label import ServedLabel

# In a version's folder; TensorFlow Serving passes over what else lies in `assets.extra`.
VERDICT_FILE = Path("assets.extra", "verdict.json")


def roll_back(label: ServedLabel) -> tuple[int, int]:
    """Moves a label back to the version that the one it names was measured beside when it was published.

    So a version that was rolled back from is not come back to. A version without a verdict, which was exported past the
    gate, goes back to the next lower one.

    Args:
        label: The label.

    Returns:
        The version that it named, and the one that it names now.

    Raises:
        ExportError: It names no version, there is none to go back to, or that one's folder is gone.
        UsageError: The file does not have a server load that version.
    """
    now = label.version()
    if now is None:
        raise ExportError(f"{label.path}: `{label.label}` names no version of {label.base}; publish one first")
    before = _before(label.base, now)
    if before is None:
        raise ExportError(f"{label.base}: version {now} replaced none, so that there is none to go back to")
    if before not in list_versions(label.base):
        raise ExportError(f"{label.base / str(before)}: is gone, which version {now} replaced; put it back")
    label.refuse_unloaded(before)
    label.move(before)
    return now, before


def _before(base: Path, version: int) -> int | None:
    try:
        served: int | None = json.loads((base / str(version) / VERDICT_FILE).read_text(encoding="utf-8"))["served"]
        return served
    except FileNotFoundError:
        return max((other for other in list_versions(base) if other < version), default=None)
    except (OSError, ValueError, LookupError, TypeError):
        raise ExportError(f"{base / str(version) / VERDICT_FILE}: damaged; move the label by hand") from None
