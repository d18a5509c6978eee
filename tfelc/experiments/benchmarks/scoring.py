"""How fast batch scoring is: the model alone on tensors in memory, one machine, and Spark on the same cores."""

import os
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tfelc.experiments.benchmarks.harness import Meter, Way, comparison, measure, rate_columns
from tfelc.experiments.options import OutOption, RoundsOption
from tfelc.experiments.table import Table

if TYPE_CHECKING:
    from tfelc.ranker.scoring.scoring_job import ScoringJob

_FLOOR_ROWS = 400_000


def scoring(
    model: Annotated[Path, typer.Option(help="Exported version of a ranker, BASE/<version>.")],
    data: Annotated[Path, typer.Option(help="Prepared dataset; the rows of its training split are repeated.")],
    rows: Annotated[int, typer.Option(min=1000, help="Rows to score.")] = 2_000_000,
    large: Annotated[int, typer.Option(help="Rows of a second input, to compare the peak memory; 0: none.")] = 0,
    rounds: RoundsOption = 1,
    out: OutOption = Path("results/scoring.json"),
) -> None:
    """Rows per second and peak memory, each way in a fresh process."""
    from rich.console import Console

    from tfelc.data.dataset import Dataset
    from tfelc.experiments.result_file import publish
    from tfelc.ranker.scoring.exported_ranker import ExportedRanker

    console = Console()
    ExportedRanker(model)  # What is no model is told before the rows are written.
    with tempfile.TemporaryDirectory(prefix="tfelc-benchmark-") as folder:
        arguments = {"model": model, "inputs": write_rows(data, Path(folder) / "rows.parquet", rows)}
        ways = {
            "floor": Way("the model alone, tensors in memory", floor, arguments),
            "local": Way("one machine", scored, arguments),
            "spark": Way("Spark, files", on_spark, arguments),
            "spark_table": Way("Spark, a table that it reads", on_spark, {**arguments, "as_table": True}),
        }
        if large:
            more = {**arguments, "inputs": write_rows(data, Path(folder) / "large.parquet", large)}
            ways["large"] = Way(f"one machine, {large:,} rows", scored, more)
        found = measure(ways, console, rounds, "floor")
    sizes = {"rows": rows, "large_rows": large, "rounds": rounds}
    publish(out, "scoring", {"data_hash": Dataset(data).hash, **sizes, "ways": found}, console)


def tables(result: Mapping[str, Any]) -> list[Table]:
    """Rates and memory of each way."""
    title = f"scoring, {result['rows']:,} rows, {result['machine']['cpus']} cores"
    return [comparison(title, result["ways"], rate_columns("of the floor"))]


def write_rows(data: Path, path: Path, rows: int) -> Path:
    """Writes the training split again and again, until there are so many rows."""
    import numpy as np
    import pyarrow.parquet as pq

    from tfelc.data.dataset import Dataset
    from tfelc.data.dataset_writer import ROWS_PER_GROUP

    source = pq.read_table(Dataset(data).files("train"))
    with pq.ParquetWriter(path, source.schema, compression="zstd") as writer:
        for first in range(0, rows, ROWS_PER_GROUP):
            writer.write_table(source.take(np.arange(first, min(first + ROWS_PER_GROUP, rows)) % len(source)))
    return path


def floor(model: str, inputs: str) -> dict[str, float]:
    """The session on inputs in memory, with as many callers as one machine has."""
    from tfelc.lifecycle.export.signatures import SERVING_DEFAULT

    job = _job(model, inputs, "unused")
    read = job.reader().batches(enumerate(job.files), lambda piece: piece.number < 2)
    batches = [job.ranker.inputs(batch.rows) for batch in read]
    rows = sum(len(next(iter(batch.values()))) for batch in batches)
    rounds = max(1, min(job.rows or 0, _FLOOR_ROWS) // rows)
    runner = job.ranker.runner
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(lambda batch: runner.run(SERVING_DEFAULT, batch), batches[:4]))
        with Meter() as meter:
            # The answers are dropped as they come.
            for _ in pool.map(lambda batch: len(runner.run(SERVING_DEFAULT, batch)), batches * rounds):
                pass
    return meter.rates(rows * rounds)


def scored(model: str, inputs: str) -> dict[str, float]:
    """A job on this machine; the load of the model is left out."""
    with tempfile.TemporaryDirectory() as output:
        job = _job(model, inputs, f"{output}/scores")
        job.ranker.load()
        with Meter() as meter:
            summary = job.run()
    return {**meter.rates(summary.scored_now), "rows_per_second": summary.scored_now / summary.seconds}


def on_spark(model: str, inputs: str, as_table: bool = False) -> dict[str, float] | None:
    """The same by Spark on this machine's cores; None where it is not installed.

    An equal job goes before it, so that the JVM is warm and Spark's workers, which it keeps, hold the model. Memory and
    processor time are theirs, and not this process's: they are not measured.
    """
    from tfelc.core.errors import UsageError
    from tfelc.lifecycle.scoring.spark.engine import spark_engine

    conf = {"spark.ui.enabled": "false", "spark.sql.warehouse.dir": tempfile.gettempdir()}
    options = [f"--conf={key}={value}" for key, value in conf.items()]
    try:
        run = spark_engine(["--master", f"local[{os.cpu_count()}]", *options])
    except UsageError:
        return None
    source = f"spark:parquet.`{inputs}`" if as_table else inputs
    with tempfile.TemporaryDirectory() as output:
        _job(model, source, f"{output}/first").run(run)
        summary = _job(model, source, f"{output}/scores").run(run)
    return {"rows_per_second": summary.scored_now / summary.seconds}


def _job(model: str, inputs: str, output: str) -> "ScoringJob":
    from tfelc.ranker.scoring.scoring_job import JobSettings, ScoringJob

    return ScoringJob(JobSettings(Path(model), (inputs,), output))
