"""Measures the project: `python pipelines/benchmark.py ranker --data DIR`."""

import sys
from pathlib import Path

import typer

# The benchmarks are a package beside this file; run as a script, Python looks beside it only for modules.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipelines.benchmarks.clusters import clusters  # noqa: E402
from pipelines.benchmarks.efficiency import efficiency  # noqa: E402
from pipelines.benchmarks.ranker import ranker  # noqa: E402
from pipelines.benchmarks.scoring import scoring  # noqa: E402
from pipelines.benchmarks.sequences import sequences  # noqa: E402
from pipelines.benchmarks.serving import serving  # noqa: E402
from pipelines.benchmarks.training import training  # noqa: E402
from tfelc.cli import run  # noqa: E402

app = typer.Typer(add_completion=False, no_args_is_help=True)
app.command()(clusters)
app.command()(efficiency)
app.command()(ranker)
app.command()(scoring)
app.command()(sequences)
app.command()(serving)
app.command()(training)


@app.callback()
def main() -> None:
    """Benchmarks; each prints a table and writes a result file."""


if __name__ == "__main__":
    run(app)
