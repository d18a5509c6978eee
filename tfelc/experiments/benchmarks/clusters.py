"""What the cluster module costs: its share of a training step; time and memory over batch and number of clusters."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

_BATCHES = (512, 8_192, 65_536)
_COUNTS = (20, 512, 4_096)


def clusters(
    data: Annotated[
        Path | None, typer.Option(help="Prepared dataset. Defaults to a simulated log of 120,000 rows.")
    ] = None,
    config: Annotated[Path | None, typer.Option(help="Settings (YAML).")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="One setting; may repeat.")] = None,
    task: Annotated[str, typer.Option(help="Tasks, with commas between them.")] = "ctr,cvr",
    batch_size: Annotated[int, typer.Option(min=1, help="Rows of the training step.")] = 8_192,
    rounds: Annotated[int, typer.Option(min=3, help="Steps of each model, in turn.")] = 25,
    grid: Annotated[bool, typer.Option(help="Also measure the layer over batch and number of clusters.")] = True,
    out: Annotated[Path, typer.Option(help="Result file.")] = Path("results/clusters.json"),
) -> None:
    """Times a training step of B and of B + ELCM in turn, and the layer alone on ever larger inputs."""
    from rich.console import Console

    from tfelc.experiments.result_file import write_result

    console = Console()
    common = [*(["--config", str(config)] if config else [])]
    common += [part for setting in settings or [] for part in ("--set", setting)]
    with console.status("a training step, with and without the clusters"):
        where = ["--data", str(data)] if data else []
        step = _run("step", "--batch-size", str(batch_size), "--rounds", str(rounds), "--task", task, *where, *common)
    _print_step(console, step)
    cells: list[dict[str, Any]] = []
    for count in _COUNTS if grid else ():
        for batch in _BATCHES:
            with console.status(f"{batch:,} rows, {count:,} clusters"):
                cells.append(_run("layer", str(batch), str(count), *common))
    if cells:
        _print_grid(console, cells)
    write_result(out, {"step": step, "layer": cells})
    console.print(f"written to {out}", soft_wrap=True)


def _run(*arguments: str) -> Any:
    """One measurement in a process of its own, whose peak memory is then its own too."""
    command = [sys.executable, "-m", "tfelc.experiments.benchmarks.clusters_run", *arguments]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode:
        raise RuntimeError(f"{' '.join(arguments)}: {answer.stderr.strip().splitlines()[-1:] or 'failed'}")
    return json.loads(answer.stdout.strip().splitlines()[-1])


def _print_step(console: Any, step: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(title=f"training step, {step['batch_size']:,} rows, medians in ms")
    for heading in ("B", "B + ELCM", "share of the whole module", "of it the clusters alone"):
        table.add_column(heading, justify="right")
    table.add_row(
        f"{step['without_ms']:.1f}", f"{step['with_ms']:.1f}", f"{step['share']:.1%}", f"{step['layer_share']:.1%}"
    )
    console.print(table)


def _print_grid(console: Any, cells: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(title="the layer alone, forward and backward")
    for heading in ("clusters", "rows", "ms", "ns a row and cluster", "memory, MB", "of a (rows x clusters) tensor"):
        table.add_column(heading, justify="right")
    for cell in cells:
        size = cell["batch"] * cell["count"]
        tensors = cell["memory_mb"] * 2**20 / (4 * size)
        table.add_row(
            f"{cell['count']:,}",
            f"{cell['batch']:,}",
            f"{cell['ms']:,.1f}",
            f"{cell['ms'] * 1e6 / size:.2f}",
            f"{cell['memory_mb']:,.0f}",
            f"{tensors:.1f}" if size > 10_000_000 else "",
        )
    console.print(table)
