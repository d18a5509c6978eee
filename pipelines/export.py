"""Exports a run for TensorFlow Serving: `python pipelines/export.py --run RUN --to BASE`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfelc.cli import run as run_command

if TYPE_CHECKING:
    from tfelc.export.exporter import Export

app = typer.Typer(add_completion=False)


@app.command()
def export(
    run: Annotated[Path, typer.Option(help="Folder of the trained run.")],
    to: Annotated[Path, typer.Option(help="The model's base folder; the next version appears in it.")],
) -> None:
    """Writes a run's best weights as the next version for TensorFlow Serving, and verifies it before it appears."""
    from tfelc.quiet_tensorflow import load_tensorflow

    load_tensorflow()

    from rich.console import Console

    from tfelc.export.exporter import export as write_version
    from tfelc.training.ranker_run import RankerRun

    with Console(stderr=True).status("starting") as status:
        exported = write_version(RankerRun(run), to, status.update)
    _report(exported, to)


def _report(exported: "Export", base: Path) -> None:
    from rich.console import Console
    from rich.table import Table

    from tfelc.export.requests import curl_command

    largest = max(value for outputs in exported.differences.values() for value in outputs.values())
    origin = "rows of the validation split" if exported.rows_are_real else "rows made from the vocabularies"
    table = Table("signature", "takes", "gives")
    for name, signature in exported.manifest.signatures.items():
        shapes = [tensor["shape"] for tensor in signature["inputs"].values()]
        once = sum(shape[0] == 1 for shape in shapes)
        each = f"{len(shapes) - once} inputs a row" if len(shapes) - once > 1 else "1 input a row"
        table.add_row(name, f"{each}, {once} once" if once else each, ", ".join(signature["outputs"]))
    console = Console()
    console.print(table)
    lines = (
        f"verified in a fresh process on {len(exported.rows):,} {origin} and on broken ones: "
        f"largest difference from the trained model {largest:.1g}",
        f"version {exported.version}: {exported.path}",
        f"serve it: python -m serving.local_server --base-path {base} --name ranker",
        "and ask it:",
        curl_command(exported.manifest.table, exported.rows),
    )
    for line in lines:
        # Not by the console, which would break long lines where a shell must not find a break.
        typer.echo(line)


if __name__ == "__main__":
    run_command(app)
