"""Writes a run as one page to read: `tfelc report --run RUN --against RUN2 --out report.html`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tfelc.next_item.report.next_item_report import NextItemReport
    from tfelc.ranker.report.ranker_report import RankerReport

app = typer.Typer(add_completion=False)


@app.command()
def report(
    run_path: Annotated[Path, typer.Option("--run", help="Run folder, of a ranker or of a next-item model.")],
    out: Annotated[Path, typer.Option(help="HTML file to write; one that is there is replaced.")],
    against: Annotated[
        Path | None, typer.Option(help="Run to compare with, on the same data: the one to beat.")
    ] = None,
    sensitivity: Annotated[
        list[Path] | None,
        typer.Option(help="Run like --run but for alpha, cluster number or seed, for the sensitivity; may repeat."),
    ] = None,
    data: Annotated[Path | None, typer.Option(help="Data to measure on. Defaults to what the run names.")] = None,
    explanation: Annotated[
        Path | None,
        typer.Option(help="File of what tfelc explain --json printed of a ranker's export: a picture of it."),
    ] = None,
) -> None:
    """Pictures, tables and plain words on one page that needs no network: quality, clusters, gates, who gains."""
    import shlex
    import sys

    from tfelc.core.errors import UsageError
    from tfelc.core.interruption import advise
    from tfelc.core.tensorflow_start import load_tensorflow

    if out.is_dir() or not out.parent.is_dir():
        raise UsageError(f"--out {out}: name a file in a folder that exists")
    advise("nothing is written; start it again")
    load_tensorflow()

    from rich.console import Console

    from tfelc.core.atomic_files import write_text

    page = _report(run_path, against, sensitivity or [], data, explanation)
    command = shlex.join(["tfelc", "report", *sys.argv[1:]])
    with Console(stderr=True).status("starting") as status:
        write_text(out, page.html(command, status.update))
    Console().print(f"written to {out}", highlight=False, soft_wrap=True)


def _report(
    path: Path, against: Path | None, sensitivity: list[Path], data: Path | None, explanation: Path | None
) -> "RankerReport | NextItemReport":
    from tfelc.core.errors import UsageError
    from tfelc.lifecycle.run import Run
    from tfelc.next_item.run import NextItemRun

    run: Any = Run.open(path)
    other = type(run).open(against) if against else None
    siblings = [type(run).open(sibling) for sibling in sensitivity]
    if isinstance(run, NextItemRun):
        from tfelc.next_item.report.next_item_report import NextItemReport

        if explanation is not None:
            raise UsageError("--explanation is of a ranker, and --run holds a model of next items; leave it out")
        return NextItemReport(run, other, siblings, None if data is None else str(data))
    from tfelc.ranker.explanation.explanation_file import read_explanation
    from tfelc.ranker.report.ranker_report import RankerReport

    explained = None if explanation is None else read_explanation(explanation)
    return RankerReport(run, other, siblings, data, explanation=explained)
