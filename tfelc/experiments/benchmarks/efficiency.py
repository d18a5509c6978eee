"""What the method costs: ELCRec beside SASRec and beside ICLRec, which clusters all users anew each epoch."""

import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.experiments.benchmarks.harness import Column, Meter, Way, comparison, measure
from tfelc.experiments.options import OutOption, RoundsOption, SettingsOption
from tfelc.experiments.table import Table
from tfelc.next_item.default_settings import PAPER, default_settings
from tfelc.next_item.settings import NextItemSettings

_WAYS = ("sasrec", "elcrec", "iclrec")
_COLUMNS = (
    Column("CPU s", "cpu_s", ".1f"),
    Column("ratio", "cpu_s", ".2f", "ratio"),
    Column("wall s", "wall_s", ".1f"),
    Column("start, CPU s", "start_cpu_s", ".1f"),
    Column("peak MB", "peak_mb"),
    Column("ratio", "peak_mb", ".2f", "ratio"),
    Column("ranking, s", "rank_s", ".2f"),
)


def efficiency(
    datasets: Annotated[str, typer.Option(help="Data sets, with commas between them.")] = "beauty",
    config: Annotated[
        Path, typer.Option(help="Settings (YAML), or `paper` or `default` for the paper's or the project's.")
    ] = Path(PAPER),
    rounds: RoundsOption = 3,
    epochs: Annotated[int, typer.Option(min=1, help="Measured epochs of a run.")] = 3,
    cores: Annotated[int, typer.Option(min=1, help="Threads that TensorFlow and K-means may use.")] = 1,
    settings: SettingsOption = None,
    out: OutOption = Path("results/efficiency.json"),
) -> None:
    """CPU time and peak memory of a training epoch, each way in a fresh process, in turn (Tables 2 and 3 as ratios).

    And the time that ranking the test users takes.
    """
    from rich.console import Console

    from tfelc.experiments.result_file import publish
    from tfelc.next_item.data.sources import load_sequences

    console = Console()
    threads = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), str(cores))
    found: dict[str, Any] = {}
    for dataset in datasets.split(","):
        chosen = {}
        for way in _WAYS:
            overrides = ["training.deterministic=false", f"model={way}", *(settings or [])]
            shipped = str(config) in (PAPER, "default")
            chosen[way] = (
                default_settings(dataset, overrides, paper=str(config) == PAPER)
                if shipped
                else NextItemSettings.load(config, overrides)
            ).to_dict()
        common = {"dataset": dataset, "epochs": epochs}
        ways = {way: Way(way, epoch, {"settings": chosen[way], **common}, threads) for way in _WAYS}
        data_hash = load_sequences(dataset, console.print).hash
        measured = measure(ways, console, rounds, "elcrec")
        found[dataset] = {"data_hash": data_hash, "config": chosen["elcrec"], "ways": measured}
    hashes = {dataset: one["data_hash"] for dataset, one in found.items()}
    result = {"data_hash": hashes, "cores": cores, "epochs": epochs, "rounds": rounds, "datasets": found}
    publish(out, "efficiency", result, console)


def tables(result: Mapping[str, Any]) -> list[Table]:
    """What an epoch, the start before the first one and the ranking of the test users cost on each data set."""
    title = "a training epoch, the start, ranking of the test users; medians; ratios to ELCRec"
    return [comparison(f"{name}: {title}", one["ways"], _COLUMNS) for name, one in result["datasets"].items()]


def epoch(dataset: str, settings: dict[str, Any], epochs: int) -> dict[str, float]:
    """Trains some epochs, the first left out, and ranks the test users.

    Returns:
        CPU and wall seconds an epoch, ICLRec's K-means in it; CPU seconds of the start, in which items, neighbors and
        ELCRec's centers get their first values; the peak memory of training, and the wall seconds of the ranking.
    """
    from rich.console import Console

    from tfelc.next_item.data.sources import load_sequences
    from tfelc.next_item.training.train import create_training

    chosen, loaded = NextItemSettings.model_validate(settings), load_sequences(dataset)
    with tempfile.TemporaryDirectory() as folder:
        trainable = create_training(loaded, dataset, chosen, Path(folder), Console(quiet=True)).trainable
    with Meter() as start:
        trainable.initialize_weights()
    spent = []
    for number in range(epochs + 1):
        with Meter() as meter:
            trainable.fit_epoch(number, 0, lambda step: None)
            trainable.losses()
        spent.append(meter)
    found = {
        # The first epoch traces the graph.
        "cpu_s": statistics.median(one.cpu_seconds for one in spent[1:]),
        "wall_s": statistics.median(one.seconds for one in spent[1:]),
        "start_cpu_s": start.cpu_seconds,
        "peak_mb": meter.peak_mb,
    }
    trainable.evaluate("validation")
    with Meter() as ranking:
        trainable.evaluate("test")
    return {**found, "rank_s": ranking.seconds}
