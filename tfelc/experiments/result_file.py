"""Result files: what was measured, with everything that it takes to read or repeat it, as JSON and as Markdown."""

import json
import os
import platform
import shlex
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from rich.console import Console

from tfelc import __version__
from tfelc.core.atomic_files import write_text
from tfelc.core.errors import DataError
from tfelc.core.json_text import json_text
from tfelc.core.registry import Registry
from tfelc.experiments.table import Table

Result = Mapping[str, Any]
# Kind of result -> what makes its tables of the content of its file alone.
TABLES: Registry[Callable[[Result], list[Table]]] = Registry(
    "kind of result",
    {
        **{
            kind: f"tfelc.experiments.{kind}.tables:tables"
            for kind in ("ranker", "next_item", "new_items", "freshness", "daily", "yardsticks", "search", "delays")
        },
        **{
            kind: f"tfelc.experiments.benchmarks.{kind}:tables"
            for kind in (
                "catalog",
                "clusters",
                "efficiency",
                "embedding_tables",
                "gpu",
                "hashing",
                "prepare",
                "scale",
                "scoring",
                "serving",
                "training",
                "workers",
            )
        },
    },
)
# What the Markdown says below the tables, where the result has it.
_PROVENANCE = (
    "command",
    "data_hash",
    "protocol",
    "loss",
    "settings",
    "day_settings",
    "seeds",
    "versions",
    "machine",
    "finished",
)


def write_result(path: Path, kind: str, result: Result) -> None:
    """Writes a result as JSON, with the command, the time, the machine and the versions, and its tables as Markdown.

    Args:
        path: The JSON file; the Markdown stands beside it.
        kind: One of `TABLES`.
        result: What was found. `data_hash`, `protocol`, `loss`, `settings` and `seeds` are shown in the Markdown.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    program, *arguments = sys.argv
    context = {
        "kind": kind,
        "command": f"{program} {shlex.join(arguments)}",
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"cpus": os.cpu_count(), "processor": platform.machine(), "system": platform.platform()},
        "versions": {
            "tfelc": __version__,
            **_versions("tensorflow", "jax", "keras", "numpy", "scikit-learn"),
        },
    }
    write_text(path, json_text({**context, **result}) + "\n")
    write_markdown(path)


def _versions(*packages: str) -> dict[str, str]:
    """Those of the packages that are installed."""
    found = {each.name: each.version for each in distributions()}
    return {name: found[name] for name in packages if name in found}


def publish(path: Path, kind: str, result: Result, console: Console) -> None:
    """Writes a result as `write_result` does, and prints its tables."""
    write_result(path, kind, result)
    for table in _read(path)[1]:
        console.print(table.for_terminal())
    console.print(f"written to {path} and {path.with_suffix('.md')}", soft_wrap=True)


def write_markdown(path: Path) -> Path:
    """Writes the tables of a result file as Markdown beside it, and where they come from below.

    Returns:
        The Markdown file.

    Raises:
        DataError: The file cannot be read, or is no result.
    """
    result, tables = _read(path)
    provenance = [f"- {key.replace('_', ' ')}: {_text(result[key])}" for key in _PROVENANCE if result.get(key)]
    markdown = path.with_suffix(".md")
    write_text(markdown, "\n\n".join([*(table.markdown() for table in tables), "\n".join(provenance)]) + "\n")
    return markdown


def _read(path: Path) -> tuple[Result, list[Table]]:
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        tables = TABLES.get(result["kind"])
    except (OSError, ValueError, LookupError, TypeError):
        raise DataError(f"{path}: no result file of tfelc experiment or tfelc benchmark") from None
    return result, tables(result)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_text(each)}" for key, each in value.items())
    return ", ".join(map(_text, value)) if isinstance(value, list) else str(value)
