"""Where the page's figures come from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from tfelc.lifecycle.report.markup import Markup, data_table, paragraph, preformatted
from tfelc.lifecycle.report.section import Section
from tfelc.lifecycle.run import Run

_HASH = re.compile("[0-9a-f]{40,64}")


def provenance(runs: Mapping[str, Run[Any]], data_hash: str, command: str) -> Section:
    """Settings, data, versions and the command.

    Args:
        runs: Name -> run; the report is of the first.
        data_hash: Of what the figures were measured on.
        command: What made the page.
    """
    run = next(iter(runs.values()))
    metadata = {name: one.metadata for name, one in runs.items()}
    names = [name for name in next(iter(metadata.values())) if name not in ("versions", "machine", "files")]
    rows = [[name, *(_shown(fact.get(name)) for fact in metadata.values())] for name in names]
    for part in ("versions", "machine"):
        found = {key for fact in metadata.values() for key in fact.get(part, {})}
        rows += [[key, *(_shown(fact.get(part, {}).get(key)) for fact in metadata.values())] for key in sorted(found)]
    blocks: list[Markup] = [
        paragraph("This page was made by"),
        preformatted(command, "Command"),
        paragraph(f"and measured on data with the hash {_short(data_hash)}"),
        data_table("How it was trained", ["fact", *metadata], rows, words=True),
        paragraph(f"Settings of {next(iter(metadata))}:"),
        preformatted(run.unchanged("config.yaml").read_text(encoding="utf-8"), "Settings"),
    ]
    return Section("Settings and origin", blocks)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_shown(part)}" for key, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "–" if value is None else _short(str(value))


def _short(text: str) -> str:
    """A path by its last two parts, and a hash by its first digits; `run.json` has them whole."""
    if _HASH.fullmatch(text):
        return f"{text[:12]} ..."
    parts = text.split("/")
    return text if not text.startswith("/") or len(parts) < 4 else f".../{'/'.join(parts[-2:])}"
