"""What the method costs: ELCRec beside SASRec and beside ICLRec, which clusters all users anew each epoch."""

import statistics
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tfelc.experiments.benchmarks.harness import Column, Meter, Way, comparison, measure
from tfelc.experiments.options import OutOption, RoundsOption, SettingsOption
from tfelc.experiments.table import Table
from tfelc.next_item.default_settings import PAPER, default_settings
from tfelc.next_item.settings import NextItemSettings

if TYPE_CHECKING:
    from tfelc.next_item.training.next_item_trainable import NextItemTrainable

# Way -> what sets it apart. ICLRec's centers learn from the contrast alone.
_WAYS = {
    "sasrec": ["model=sasrec"],
    "elcrec": ["model=elcrec"],
    "iclrec": ["model.name=elcrec", "model.clusters.alpha=0"],
}
# ICLRec's code lets its K-means run so long.
_KMEANS_ROUNDS = 20
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
        for way, own in _WAYS.items():
            overrides = ["training.deterministic=false", *own, *(settings or [])]
            shipped = str(config) in (PAPER, "default")
            chosen[way] = (
                default_settings(dataset, overrides, paper=str(config) == PAPER)
                if shipped
                else NextItemSettings.load(config, overrides)
            ).to_dict()
        common = {"dataset": dataset, "epochs": epochs}
        ways = {way: Way(way, epoch, {"way": way, "settings": chosen[way], **common}, threads) for way in _WAYS}
        data_hash = load_sequences(dataset, console.print).hash
        measured = measure(ways, console, rounds, "elcrec")
        found[dataset] = {"data_hash": data_hash, "config": chosen["elcrec"], "ways": measured}
    hashes = {dataset: one["data_hash"] for dataset, one in found.items()}
    result = {"data_hash": hashes, "cores": cores, "epochs": epochs, "rounds": rounds, "datasets": found}
    publish(out, "efficiency", result, console)


def tables(result: Mapping[str, Any]) -> list[Table]:
    """What an epoch, the start by K-means and the ranking of the test users cost on each data set."""
    title = "a training epoch, start by K-means, ranking of the test users; medians; ratios to ELCRec"
    return [comparison(f"{name}: {title}", one["ways"], _COLUMNS) for name, one in result["datasets"].items()]


def epoch(way: str, dataset: str, settings: dict[str, Any], epochs: int) -> dict[str, float]:
    """Trains some epochs, the first left out, and ranks the test users.

    Returns:
        CPU and wall seconds an epoch, CPU seconds of the K-means start, the peak memory of training, and the wall
        seconds of the ranking.
    """
    from rich.console import Console

    from tfelc.next_item.data.sources import load_sequences
    from tfelc.next_item.training.train import create_training

    chosen, loaded = NextItemSettings.model_validate(settings), load_sequences(dataset)
    with tempfile.TemporaryDirectory() as folder:
        trainable = create_training(loaded, dataset, chosen, Path(folder), Console(quiet=True)).trainable
    clusters = chosen.model.cluster_settings
    with Meter() as start:
        if way == "elcrec" and clusters is not None and clusters.initialization == "kmeans":
            _fit_centers(trainable)
    spent = []
    for number in range(epochs + 1):
        with Meter() as meter:
            if way == "iclrec":
                _fit_centers(trainable)
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
    trainable.initialize_weights()  # Fills the neighbors, which the score takes.
    trainable.evaluate("validation")
    with Meter() as ranking:
        trainable.evaluate("test")
    return {**found, "rank_s": ranking.seconds}


def _fit_centers(trainable: "NextItemTrainable") -> None:
    """ICLRec's E-step: K-means over the embeddings of all users; also the start of ELCRec's centers."""
    import numpy as np
    import tensorflow as tf
    from sklearn.cluster import KMeans

    from tfelc.losses.l2_normalized import l2_normalized
    from tfelc.next_item.data.batches import padded_blocks

    model, users = trainable.model, trainable.splits.train.longest()
    assert model.clusters is not None
    pool = tf.function(
        lambda histories: l2_normalized(model.encode_and_pool(histories)[1]),
        input_signature=[tf.TensorSpec([None, None], tf.int32)],
        reduce_retracing=True,
    )
    blocks = padded_blocks(users.take(np.argsort(users.lengths)), model.max_length)
    kmeans = KMeans(model.clusters.num_clusters, n_init=1, init="random", max_iter=_KMEANS_ROUNDS, random_state=0).fit(
        np.concatenate([pool(block).numpy() for block in blocks])
    )
    model.clusters.centers.assign(kmeans.cluster_centers_)
