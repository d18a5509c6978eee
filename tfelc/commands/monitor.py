"""Holds served requests against what an export was made on: `tfelc monitor --requests LOG --model EXPORT`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tfelc.core.errors import MovedError, TooFewRowsError, UsageError

if TYPE_CHECKING:
    from tfelc.ranker.monitoring.watched import Watched

app = typer.Typer(add_completion=False)
RequestsOption = Annotated[
    list[str], typer.Option(help="The log of requests: a folder, files, or a quoted pattern. May repeat.")
]
KeyOption = Annotated[list[str] | None, typer.Option(help="Column that joins them, or `request_id`. May repeat.")]
SinceOption = Annotated[str | None, typer.Option(help="First time of the window, such as 2026-01-31T10:00Z.")]
UntilOption = Annotated[str | None, typer.Option(help="Time after its last.")]


@app.command()
def monitor(
    requests: RequestsOption,
    model: Annotated[Path, typer.Option(help="The export, BASE/<version>, or BASE for its latest version.")],
    outcomes: Annotated[
        list[str] | None, typer.Option(help="What came of the requests, as of `prepare requests`: adds calibration.")
    ] = None,
    key: KeyOption = None,
    unmatched: Annotated[
        Literal["drop", "negative"] | None,
        typer.Option(help="With --outcomes: `drop` a row without one, or take it as `negative`."),
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    thresholds: Annotated[Path | None, typer.Option(help="Thresholds (YAML); what it leaves out is as ever.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    html: Annotated[Path | None, typer.Option(help="HTML page to write.")] = None,
    textfile: Annotated[Path | None, typer.Option(help="Gauges for Prometheus's textfile collector to write.")] = None,
) -> None:
    """Drift of features and scores, unknown and missing values, calibration; docs/monitoring.md tells all.

    Exit code 3: a threshold is passed. 4: too few rows to say anything.
    """
    from tfelc.core.tensorflow_start import load_tensorflow

    if (outcomes is None) != (unmatched is None):
        raise UsageError("--outcomes and --unmatched go together: what is a row without an outcome?")
    for option, path in (("--html", html), ("--textfile", textfile)):
        if path is not None and (path.is_dir() or not path.parent.is_dir()):
            raise UsageError(f"{option} {path}: name a file in a folder that exists")
    begin, end = seconds("--since", since), seconds("--until", until)
    load_tensorflow()

    from tfelc.ranker.monitoring.thresholds import Thresholds
    from tfelc.ranker.monitoring.watch import OutcomeSource, watch
    from tfelc.ranker.scoring.exported_ranker import ExportedRanker

    ranker = ExportedRanker(model)
    bounds = Thresholds.of(ranker.schema, thresholds)
    source = OutcomeSource(ranker.schema, outcomes, unmatched, key or ()) if outcomes and unmatched else None
    _tell(watch(ranker, requests, bounds, source, begin, end), json, html, textfile)


def _tell(watched: "Watched", json: bool, html: Path | None, textfile: Path | None) -> None:
    if json:
        from tfelc.core.json_text import json_text

        print(json_text(watched.to_json()))
    else:
        _print_tables(watched)
    if html is not None:
        import shlex
        import sys

        from tfelc.core.atomic_files import write_text
        from tfelc.ranker.monitoring.watched_page import watched_page

        write_text(html, watched_page(watched, shlex.join(["tfelc", "monitor", *sys.argv[1:]])))
    if textfile is not None:
        from tfelc.ranker.monitoring.textfile import write_textfile

        write_textfile(textfile, watched)
    if watched.status == "too_few_rows":
        raise TooFewRowsError(watched.verdict())
    if watched.status == "moved":
        raise MovedError(watched.verdict())


def _print_tables(watched: "Watched") -> None:
    from rich.console import Console

    from tfelc.ranker.monitoring.tables import features_table, outputs_table
    from tfelc.ranker.monitoring.watched_page import window

    console = Console()
    console.print(features_table(watched))
    console.print(outputs_table(watched))
    console.print(window(watched), highlight=False, soft_wrap=True)
    if watched.status == "ok":
        console.print(watched.verdict(), highlight=False, soft_wrap=True)


def seconds(option: str, text: str | None) -> float | None:
    """The time that an option names, in seconds since 1970."""
    if text is None:
        return None
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} {text}: no time; write it as 2026-01-31T10:00Z") from None
    return (when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()
