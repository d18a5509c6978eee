"""Result files: what was measured, with everything that it takes to read or repeat it."""

import platform
import shlex
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tfelc.core.atomic_files import write_text
from tfelc.core.json_text import json_text


def write_result(path: Path, result: dict[str, Any]) -> None:
    """Writes a benchmark's result as JSON, with the command, the time, the machine and the versions."""
    path.parent.mkdir(parents=True, exist_ok=True)
    context = {
        "command": shlex.join(["python", *sys.argv]),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"processor": platform.machine(), "system": platform.platform()},
        "versions": {name: version(name) for name in ("tfelc", "tensorflow", "keras", "numpy", "scikit-learn")},
    }
    write_text(path, json_text({**context, **result}) + "\n")
