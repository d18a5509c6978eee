"""What the method costs: ELCRec beside SASRec and beside ICLRec, which clusters all users anew each epoch."""

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

_WAYS = ("sasrec", "elcrec", "iclrec")


def efficiency(
    datasets: Annotated[str, typer.Option(help="Data sets, with commas between them.")] = "beauty",
    config: Annotated[
        Path | None, typer.Option(help="Settings of ELCRec. Defaults to the paper's for each data set.")
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Rounds; each runs every way once, and medians are shown.")] = 3,
    epochs: Annotated[int, typer.Option(min=1, help="Measured epochs of a run.")] = 3,
    cores: Annotated[int, typer.Option(min=1, help="Threads that TensorFlow and K-means may use.")] = 1,
    settings: Annotated[list[str] | None, typer.Option("--set", help="One setting; may repeat.")] = None,
    out: Annotated[Path, typer.Option(help="Result file.")] = Path("results/efficiency.json"),
) -> None:
    """CPU time and peak memory of a training epoch, each way in a fresh process, in turn (Tables 2 and 3 as ratios).

    And the time that ranking the test users takes.
    """
    from rich.console import Console

    from tfelc.experiments.result_file import write_result
    from tfelc.next_item.settings import DEFAULTS

    console = Console()
    found: dict[str, Any] = {}
    for dataset in datasets.split(","):
        path = config or DEFAULTS / f"paper_{dataset}.yaml"
        runs: dict[str, list[dict[str, float]]] = {way: [] for way in _WAYS}
        for number in range(rounds):
            for way in _WAYS:
                with console.status(f"{dataset}, round {number + 1} of {rounds}: {way}"):
                    runs[way].append(_run(way, dataset, path, epochs, cores, settings or []))
        medians = {way: {key: statistics.median(one[key] for one in of) for key in of[0]} for way, of in runs.items()}
        found[dataset] = {"medians": medians, "runs": runs}
    _print(console, found)
    write_result(out, {"cores": cores, "epochs": epochs, "datasets": found})
    console.print(f"written to {out}", soft_wrap=True)


def _run(way: str, dataset: str, config: Path, epochs: int, cores: int, settings: list[str]) -> dict[str, float]:
    threads = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), str(cores))
    command = [
        sys.executable,
        "-m",
        "tfelc.experiments.benchmarks.efficiency_run",
        way,
        dataset,
        str(config.absolute()),
    ]
    answer = subprocess.run(
        [*command, "--epochs", str(epochs), *(part for setting in settings for part in ("--set", setting))],
        capture_output=True,
        text=True,
        env={**os.environ, **threads},
    )
    if answer.returncode:
        raise RuntimeError(f"{way}: {answer.stderr.strip().splitlines()[-1] if answer.stderr else 'failed'}")
    measured: dict[str, float] = json.loads(answer.stdout.strip().splitlines()[-1])
    return measured


def _print(console: Any, found: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(title="a training epoch, start by K-means, ranking of the test users; medians; ratios to ELCRec")
    headings = ("CPU s", "ratio", "wall s", "start, CPU s", "peak MB", "ratio", "ranking, s")
    for heading in ("data", "way", *headings):
        table.add_column(heading, justify="left" if heading in ("data", "way") else "right")
    for dataset, of in found.items():
        base = of["medians"]["elcrec"]
        for way, one in of["medians"].items():
            table.add_row(
                dataset,
                way,
                f"{one['cpu_s']:.1f}",
                f"{one['cpu_s'] / base['cpu_s']:.2f}",
                f"{one['wall_s']:.1f}",
                f"{one['start_cpu_s']:.1f}" if one["start_cpu_s"] else "",
                f"{one['peak_mb']:,.0f}",
                f"{one['peak_mb'] / base['peak_mb']:.2f}",
                f"{one['rank_s']:.2f}",
            )
    console.print(table)
