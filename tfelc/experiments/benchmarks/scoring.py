"""How fast batch scoring is: the model alone on tensors in memory, one machine, and Beam's direct runner."""

import importlib.util
import os
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tfelc.experiments.benchmarks.harness import Column, Way, comparison, measure, tfelc
from tfelc.experiments.benchmarks.meter import Meter
from tfelc.experiments.options import OutOption, RoundsOption
from tfelc.experiments.table import Table

if TYPE_CHECKING:
    from tfelc.lifecycle.scoring.batch_job import Engine
    from tfelc.ranker.scoring.scoring_job import ScoringJob

_FLOOR_ROWS = 400_000
_ROWS_PER_FILE = 1 << 20
_COLUMNS = (
    Column("rows/s", "rows_per_second"),
    Column("of the floor", "rows_per_second", ".0%", "ratio"),
    Column("rows/CPU s", "rows_per_cpu_second"),
    Column("peak memory, MB", "peak_mb"),
)


def scoring(
    model: Annotated[
        Path | None, typer.Option(help="Exported version. Defaults to one of a ranker trained for one epoch.")
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Prepared dataset whose rows are repeated. Defaults to KuaiRand-Pure.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(envvar="TFELC_DATA_DIR", help="Folder with KuaiRand-Pure's files.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1000, help="Rows to score.")] = 2_000_000,
    large: Annotated[int, typer.Option(help="Rows of a second input, to compare the peak memory; 0: none.")] = 0,
    rounds: RoundsOption = 1,
    out: OutOption = Path("results/scoring.json"),
) -> None:
    """Rows per second and peak memory, each way in a fresh process."""
    from rich.console import Console

    from tfelc.core.errors import UsageError
    from tfelc.data.dataset import Dataset
    from tfelc.experiments.result_file import publish

    if data is None and data_dir is None:
        raise UsageError("name a dataset by --data, or KuaiRand-Pure's folder by --data-dir or TFELC_DATA_DIR")
    console = Console()
    with tempfile.TemporaryDirectory(prefix="tfelc-benchmark-") as temporary:
        folder = Path(temporary)
        with console.status("preparing") as status:
            if data is None:
                data = folder / "data"
                tfelc("prepare", "kuairand", "--data-dir", data_dir, "--out", data)
            if model is None:
                status.update("training for one epoch")
                run, model = folder / "run", folder / "model" / "1"
                tfelc("train", "--task", "ctr,cvr", "--data", data, "--run", run, "--set", "training.epochs=1")
                tfelc("export", "--run", run, "--to", model.parent)
            status.update(f"writing {rows + large:,} rows")
            arguments = {"model": model, "inputs": _write_rows(data, folder / "input", rows)}
            ways = {
                "floor": Way("the model alone, tensors in memory", floor, arguments),
                "local": Way("one machine", local, arguments),
                "beam": Way("Beam, direct runner", beam, arguments),
            }
            if large:
                more = {"model": model, "inputs": _write_rows(data, folder / "large", large)}
                ways["large"] = Way(f"one machine, {large:,} rows", local, more)
        measured = measure(ways, rounds, "floor", console)
        result = {
            "data_hash": Dataset(data).hash,
            "rows": rows,
            "large_rows": large,
            "rounds": rounds,
            "ways": measured,
        }
    publish(out, "scoring", result, console)


def tables(result: Mapping[str, Any]) -> list[Table]:
    """Rates and memory of each way."""
    title = f"scoring, {result['rows']:,} rows, {result['machine']['cpus']} cores"
    return [comparison(title, result["ways"], _COLUMNS)]


def _write_rows(data: Path, folder: Path, rows: int) -> Path:
    """Writes the training split again and again, until there are so many rows."""
    import numpy as np
    import pyarrow.parquet as pq

    from tfelc.data.dataset import Dataset
    from tfelc.data.dataset_writer import ROWS_PER_GROUP

    source = pq.read_table(Dataset(data).files("train"))
    folder.mkdir()
    for number, start in enumerate(range(0, rows, _ROWS_PER_FILE)):
        end = min(start + _ROWS_PER_FILE, rows)
        with pq.ParquetWriter(folder / f"part-{number:05d}.parquet", source.schema, compression="zstd") as writer:
            for first in range(start, end, ROWS_PER_GROUP):
                places = np.arange(first, min(first + ROWS_PER_GROUP, end)) % len(source)
                writer.write_table(source.take(places), row_group_size=ROWS_PER_GROUP)
    return folder


def floor(model: str, inputs: str) -> dict[str, float]:
    """The session on inputs in memory, with as many callers as one machine has."""
    from tfelc.lifecycle.scoring.input_reader import Piece
    from tfelc.ranker.export.signatures import SERVING_DEFAULT

    def early(piece: Piece) -> bool:
        return piece.file_number == 0 and piece.number < 2

    job = _job(model, inputs, "unused")
    batches = [job.ranker.inputs(batch.rows) for batch in job.reader().batches(enumerate(job.files), early)]
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


def local(model: str, inputs: str) -> dict[str, float]:
    """The engine of one machine."""
    return _run(model, inputs, None)


def beam(model: str, inputs: str) -> dict[str, float] | None:
    """Apache Beam on its direct runner."""
    if importlib.util.find_spec("apache_beam") is None:
        return None
    from tfelc.lifecycle.scoring.beam_engine import beam_engine

    return _run(model, inputs, beam_engine([]))


def _run(model: str, inputs: str, engine: "Engine | None") -> dict[str, float]:
    with tempfile.TemporaryDirectory() as output:
        job = _job(model, inputs, f"{output}/scores")
        if engine is None:
            job.ranker.load()
        with Meter() as meter:
            summary = job.run(engine)
    return {**meter.rates(summary.scored_now), "rows_per_second": summary.scored_now / summary.seconds}


def _job(model: str, inputs: str, output: str) -> "ScoringJob":
    from tfelc.ranker.scoring.scoring_job import JobSettings, ScoringJob

    return ScoringJob(JobSettings(Path(model), (f"{inputs}/*.parquet",), output))
