"""How fast training is: from Parquet, on tensors already in memory, beside DeepCTR, and on tables too large to load."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

_LARGE_USERS = 2_000_000
_WAYS = ("parquet", "memory", "baseline", "deepctr")


def training(
    data: Annotated[
        Path | None, typer.Option(help="Prepared dataset. Defaults to a simulated log of --rows rows.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Settings (YAML).")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="One setting; may repeat.")] = None,
    task: Annotated[str, typer.Option(help="Tasks, with commas between them.")] = "ctr,cvr",
    rows: Annotated[int, typer.Option(min=100_000, help="Rows of the simulated log.")] = 1_000_000,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds; each runs every way once, and medians are shown.")] = 3,
    steps: Annotated[int, typer.Option(min=30, help="Steps of a run; the first 20 are left out.")] = 120,
    large: Annotated[
        int, typer.Option(help="Rows of a second simulated log with 2 million users, to compare with --rows; 0: none.")
    ] = 0,
    out: Annotated[Path, typer.Option(help="Result file.")] = Path("results/training.json"),
) -> None:
    """Rows per second of one training epoch, each way in a fresh process, in turn."""
    from rich.console import Console

    from tfelc.experiments.result_file import write_result

    console = Console()
    with tempfile.TemporaryDirectory(prefix="tfelc-benchmark-") as temporary:
        folder = Path(temporary)
        common = ["--config", str(config)] if config else []
        common += [part for setting in settings or [] for part in ("--set", setting)]
        small = data or _simulated(folder / "small", rows, None, console)
        runs: dict[str, list[dict[str, Any]]] = {way: [] for way in _WAYS}
        for round_number in range(rounds):
            for way in _WAYS:
                with console.status(f"round {round_number + 1} of {rounds}: {way}"):
                    if (run := _run(way, small, task, steps, common)) is not None:
                        runs[way].append(run)
        result = {"ways": {way: _median(found) for way, found in runs.items() if found}, "runs": runs}
        if large:
            result["scale"] = _scale(folder, rows, large, task, common, console)
    _print(console, result)
    write_result(out, result)
    console.print(f"written to {out}", soft_wrap=True)


def _simulated(path: Path, rows: int, users: int | None, console: Any) -> Path:
    from tfelc.ranker.data import simulated_log as simulated

    with console.status(f"simulating {rows:,} rows"):
        simulated.prepare(rows=rows, seed=7, out=path, users=users)
    return path


def _run(way: str, data: Path, task: str, steps: int | None, common: list[str]) -> dict[str, Any] | None:
    """One measurement in a process of its own; None where what it needs is not installed."""
    command = [
        sys.executable,
        "-m",
        "tfelc.experiments.benchmarks.training_run",
        way,
        str(data),
        "--task",
        task,
        *common,
    ]
    answer = subprocess.run(
        [*command, *(["--steps", str(steps)] if steps else [])],
        capture_output=True,
        text=True,
    )
    if answer.returncode == 3:
        return None
    if answer.returncode:
        raise RuntimeError(f"{way}: {answer.stderr.strip().splitlines()[-1] if answer.stderr else 'failed'}")
    return json.loads(answer.stdout.strip().splitlines()[-1])


def _scale(folder: Path, rows: int, large: int, task: str, common: list[str], console: Any) -> dict[str, Any]:
    """A small and a large table with the same two million users: rate over a whole epoch, and peak memory.

    The users are hashed, as one does with ids that keep coming: the embedding table is then the same for both.
    """
    from tfelc.data.dataset import Dataset
    from tfelc.schema.embedding_table import EmbeddingTable

    found = {}
    for count in (rows, large):
        path = _simulated(folder / f"scale-{count}", count, _LARGE_USERS, console)
        schema = Dataset(path).schema
        table = schema.table_of(str(schema.user_key))[0]
        tables = {**schema.tables, table: EmbeddingTable(hash_buckets=_LARGE_USERS)}
        hashed = schema.model_copy(update={"tables": tables})
        (path / "schema.yaml").write_text(hashed.dump(), encoding="utf-8")
        with console.status(f"training on {count:,} rows"):
            found[count] = _run("parquet", path, task, None, common)
    return {"users": _LARGE_USERS, "runs": found}


def _median(runs: list[dict[str, Any]]) -> dict[str, float]:
    import statistics

    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def _print(console: Any, result: dict[str, Any]) -> None:
    from rich.table import Table

    names = {
        "parquet": "tfelc, from Parquet with raw strings",
        "memory": "tfelc, encoded tensors in memory",
        "baseline": "the same, only DeepCTR's parts",
        "deepctr": "DeepCTR's MMOE, arrays in memory",
    }
    table = Table(title="training, medians")
    for heading in ("way", "rows/s", "of memory's", "rows/CPU s", "peak memory, MB"):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    base = result["ways"]["memory"]["rows_per_second"]
    for way, name in names.items():
        if way in result["ways"]:
            found = result["ways"][way]
            rate = found["rows_per_second"]
            table.add_row(name, f"{rate:,.0f}", f"{rate / base:.0%}", *_costs(found))
        else:
            table.add_row(name, "not installed", "", "", "")
    for count, found in result.get("scale", {}).get("runs", {}).items():
        name = f"tfelc, {int(count):,} rows, 2 million users, whole epoch"
        table.add_row(name, f"{found['rows_per_second']:,.0f}", "", *_costs(found))
    console.print(table)


def _costs(found: dict[str, float]) -> tuple[str, str]:
    return f"{found['rows_per_cpu_second']:,.0f}", f"{found['peak_mb']:,.0f}"
