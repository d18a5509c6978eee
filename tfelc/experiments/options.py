"""The options that several experiments and benchmarks have."""

from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[Path | None, typer.Option(help="Settings (YAML).")]
OutOption = Annotated[Path, typer.Option(help="Result file (JSON); its tables are written beside it as Markdown.")]
RoundsOption = Annotated[int, typer.Option(min=1, help="Rounds; each runs every way once, and medians are shown.")]
SettingsOption = Annotated[list[str] | None, typer.Option("--set", help="One setting of all; may repeat.")]
TaskOption = Annotated[str, typer.Option(help="Tasks, with commas between them.")]
