"""What fewer bytes for the embedding tables of a served ranker change: size, AUC, latency."""

import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.experiments.benchmarks.harness import Column, Way, comparison, peak_mb
from tfelc.experiments.options import OutOption, RoundsOption
from tfelc.experiments.table import Table

_FORMATS = ("float32", "float16", "int8")
_CALLS = 200
_ITEMS = 100
_AUC = "auc "


def embedding_tables(
    run: Annotated[Path, typer.Option(help="Folder of a trained ranker, whose data is still there.")],
    split: Annotated[str, typer.Option(help="The split whose AUC is compared.")] = "test",
    rounds: RoundsOption = 3,
    out: OutOption = Path("results/embedding_tables.json"),
) -> None:
    """Exports a ranker with its embedding tables in float32, float16 and int8, and measures each version."""
    from rich.console import Console

    from tfelc.experiments.benchmarks.harness import measure
    from tfelc.experiments.benchmarks.harness import tfelc as command
    from tfelc.experiments.result_file import publish
    from tfelc.ranker.run import RankerRun

    console = Console()
    opened = RankerRun.open(run)
    metadata, seed = opened.metadata, opened.settings.training.seed
    with tempfile.TemporaryDirectory(prefix="tfelc-benchmark-") as folder:
        ways = {}
        for kind in _FORMATS:
            with console.status(f"exporting in {kind}"):
                chosen = () if kind == "float32" else ("--tables", kind)
                command("export", "--run", run, "--to", Path(folder) / kind, *chosen)
            arguments = {"version": Path(folder) / kind / "1", "data": metadata["data"], "split": split}
            ways[kind] = Way(kind, served, arguments)
        found = measure(ways, console, rounds, "float32")
    said = {"data_hash": metadata["data_hash"], "seeds": [seed], "split": split, "rounds": rounds}
    publish(out, "embedding_tables", {**said, "ways": found}, console)


def served(version: str, data: str, split: str) -> dict[str, float]:
    """Size on disk, seconds to load, time of a request, memory, and AUC by output, of one exported version."""
    from tfelc.data.dataset import Dataset
    from tfelc.experiments.benchmarks.load import requests_of
    from tfelc.lifecycle.export.session_runner import SessionRunner
    from tfelc.metrics.auc import auc
    from tfelc.ranker.scoring.exported_predictor import ExportedPredictor
    from tfelc.ranker.scoring.exported_ranker import ExportedRanker

    began = time.perf_counter()
    runner = SessionRunner(Path(version))
    loaded = time.perf_counter() - began
    inputs = requests_of(Path(version))["rank", _ITEMS]
    times = []
    for _ in range(_CALLS):
        began = time.perf_counter()
        runner.run("rank", inputs)
        times.append(time.perf_counter() - began)
    memory = peak_mb()
    predictions = ExportedPredictor(ExportedRanker(Path(version)), Dataset(Path(data))).predict(split)
    figures = {
        f"{_AUC}{name}": auc(outcome.labels[outcome.rows], outcome.probabilities[outcome.rows])
        for name, outcome in predictions.binary_outcomes.items()
    }
    size = sum(path.stat().st_size for path in Path(version).rglob("*") if path.is_file()) / 2**20
    p50 = statistics.median(times[_CALLS // 10 :]) * 1e3
    return {"size_mb": size, "load_s": loaded, "p50_ms": p50, "peak_mb": memory, **figures}


def tables(result: Mapping[str, Any]) -> list[Table]:
    """The versions side by side, and how far their AUC is from that in float32."""
    ways = result["ways"]
    columns = [
        Column("size, MB", "size_mb", ",.1f"),
        Column("loaded in, s", "load_s", ".2f"),
        Column(f"rank of {_ITEMS}, ms", "p50_ms", ".2f"),
        Column("peak memory, MB", "peak_mb"),
    ]
    costs = comparison("embedding tables, as served", ways, columns)
    outputs = [name for name in ways["float32"]["figures"] if name.startswith(_AUC)]
    reference = {name: ways["float32"]["figures"][name]["median"] for name in outputs}
    rows = [
        [way["label"], *(_with_difference(way["figures"][name]["median"], reference[name]) for name in outputs)]
        for way in ways.values()
    ]
    headings = ["way", *(f"{name.removeprefix(_AUC)} AUC, minus float32" for name in outputs)]
    return [costs, Table(f"{result['split']} split", headings, rows)]


def _with_difference(value: float, reference: float) -> str:
    return f"{value:.5f} ({value - reference:+.5f})"
