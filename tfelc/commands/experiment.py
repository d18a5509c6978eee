"""Compares variants over seeds: `tfelc experiment ranker --data DIR --seeds 10`."""

from pathlib import Path
from typing import Annotated

import typer

from tfelc.experiments.daily.command import daily
from tfelc.experiments.delays.command import delays
from tfelc.experiments.freshness.command import freshness
from tfelc.experiments.new_items.command import new_items
from tfelc.experiments.next_item.command import next_item
from tfelc.experiments.ranker.command import ranker
from tfelc.experiments.yardsticks.command import yardsticks

app = typer.Typer(add_completion=False, no_args_is_help=True)
app.command()(ranker)
app.command()(freshness)
app.command()(daily)
app.command()(delays)
app.command("next-item")(next_item)
app.command("next_item", hidden=True)(next_item)
app.command("new-items")(new_items)
app.command()(yardsticks)


@app.command()
def tables(result: Annotated[Path, typer.Argument(help="Result file of an experiment or a benchmark.")]) -> None:
    """Writes the Markdown beside a result file anew."""
    from tfelc.experiments.result_file import write_markdown

    typer.echo(f"written to {write_markdown(result)}")


@app.callback()
def main() -> None:
    """Experiments; each prints tables with intervals, and writes a result file."""
    from tfelc.core.interruption import advise

    advise("the same command goes on with the runs that are left")
