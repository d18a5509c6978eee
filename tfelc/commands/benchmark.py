"""Measures speed and memory: `tfelc benchmark training --data DIR`."""

import typer

from tfelc.experiments.benchmarks.bounds import bounds
from tfelc.experiments.benchmarks.catalog import catalog
from tfelc.experiments.benchmarks.clusters import clusters
from tfelc.experiments.benchmarks.efficiency import efficiency
from tfelc.experiments.benchmarks.embedding_tables import embedding_tables
from tfelc.experiments.benchmarks.gpu import gpu
from tfelc.experiments.benchmarks.hashing import hashing
from tfelc.experiments.benchmarks.prepare import prepare
from tfelc.experiments.benchmarks.scale import scale
from tfelc.experiments.benchmarks.scoring import scoring
from tfelc.experiments.benchmarks.serving import serving
from tfelc.experiments.benchmarks.training import training
from tfelc.experiments.benchmarks.workers import workers

app = typer.Typer(add_completion=False, no_args_is_help=True)
app.command()(bounds)
app.command()(catalog)
app.command()(clusters)
app.command()(efficiency)
app.command()(embedding_tables)
app.command()(gpu)
app.command()(hashing)
app.command()(prepare)
app.command()(scale)
app.command()(scoring)
app.command()(serving)
app.command()(training)
app.command()(workers)


@app.callback()
def main() -> None:
    """Benchmarks; each prints a table and writes a result file."""
