"""Compares variants over seeds: `tfelc experiment ranker --data DIR --seeds 10`."""

import typer

from tfelc.experiments.next_item import next_item
from tfelc.experiments.ranker import ranker

app = typer.Typer(add_completion=False, no_args_is_help=True)
app.command()(ranker)
app.command("next-item")(next_item)


@app.callback()
def main() -> None:
    """Experiments; each prints tables with intervals, and writes a result file."""
