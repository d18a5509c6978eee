"""What the method costs: ELCRec beside SASRec and beside ICLRec, which clusters all users anew each epoch."""

import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tfelc.experiments.benchmarks.harness import Column, Meter, Way, comparison, measure
from tfelc.experiments.options import OutOption, RoundsOption, SettingsOption
from tfelc.experiments.table import Table

if TYPE_CHECKING:
    from tfelc.next_item.data.examples import Examples
    from tfelc.next_item.models.sequential_recommender import SequentialRecommender

# Way -> its model.
_VARIANTS = {
    "sasrec": ("model.name=sasrec",),
    "elcrec": ("model.name=elcrec",),
    "iclrec": ("model.name=elcrec", "model.clusters.alpha=0"),
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
    config: Annotated[Path | None, typer.Option(help="Settings of ELCRec. Defaults to the paper's.")] = None,
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
    from tfelc.next_item.default_settings import default_settings
    from tfelc.next_item.settings import NextItemSettings

    console = Console()
    threads = dict.fromkeys(("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS"), str(cores))
    found: dict[str, Any] = {}
    for dataset in datasets.split(","):
        ways = {}
        for way, variant in _VARIANTS.items():
            own = [*variant, *(settings or [])]
            loaded = NextItemSettings.load(config, own) if config else default_settings(dataset, own, paper=True)
            chosen = loaded.to_dict()
            arguments = {"way": way, "dataset": dataset, "settings": chosen, "epochs": epochs}
            ways[way] = Way(way, epoch, arguments, threads)
        found[dataset] = {
            "data_hash": load_sequences(dataset, console.print).hash,
            "config": ways["elcrec"].arguments["settings"],
            "ways": measure(ways, console, rounds, "elcrec"),
        }
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
    import numpy as np

    from tfelc.next_item.data.batches import SequenceBatches
    from tfelc.next_item.data.sources import load_sequences
    from tfelc.next_item.models.initialization import neighbor_nearness
    from tfelc.next_item.run import build_model, split
    from tfelc.next_item.settings import NextItemSettings
    from tfelc.next_item.training.next_item_trainer import NextItemTrainer

    chosen = NextItemSettings.model_validate(settings)
    loaded = load_sequences(dataset)
    splits, training, length = split(loaded, chosen.split), chosen.training, chosen.split.max_length
    model = build_model(chosen, loaded.num_items, np.bincount(splits.train.targets, minlength=loaded.num_items + 1)[1:])
    views = model.uses_positive_views
    batches = SequenceBatches(splits.train, training.samples, length, training.batch_size, training.seed, views)
    trainer = NextItemTrainer(model, chosen.optimizer, len(batches) * training.epochs, batches.every_position, views)
    users = SequenceBatches(splits.train, "sequences", length, training.batch_size, 0).histories
    with Meter() as start:
        if way == "elcrec" and chosen.model.cluster_settings.initialization == "kmeans":
            _fit_centers(model, users)
    seconds = []
    for number in range(epochs + 1):
        with Meter() as meter:
            if way == "iclrec":
                _fit_centers(model, users)
            for batch in batches.epoch(number):
                trainer.step(batch)
            trainer.losses()
        seconds.append((meter.cpu_seconds, meter.seconds))
    # The first epoch traces the graph.
    cpu_seconds, wall_seconds = (statistics.median(values) for values in zip(*seconds[1:], strict=True))
    if model.neighbors is not None:
        nearness = neighbor_nearness(chosen.model.neighbors, splits.train, loaded.num_items)
        model.neighbors.set_neighbors(nearness)
    found = {"cpu_s": cpu_seconds, "wall_s": wall_seconds, "start_cpu_s": start.cpu_seconds, "peak_mb": meter.peak_mb}
    return {**found, "rank_s": _rank_seconds(model, splits.test)}


def _rank_seconds(model: "SequentialRecommender", test: "Examples") -> float:
    """Of ranking every test user, once the graph is made, as it is after the first epoch of a training."""
    from tfelc.next_item.evaluation.catalog_scorer import embedding_graph
    from tfelc.next_item.evaluation.evaluation import evaluate

    graph = embedding_graph(model)
    evaluate(model, test.take(slice(0, 1000)), "test", graph=graph)
    with Meter() as meter:
        evaluate(model, test, "test", graph=graph)
    return meter.seconds


def _fit_centers(model: "SequentialRecommender", histories: "Examples") -> None:
    """ICLRec's E-step: K-means over the embeddings of all users; also the start of ELCRec's centers."""
    import numpy as np
    import tensorflow as tf
    from sklearn.cluster import KMeans

    from tfelc.next_item.data.batches import padded_blocks

    assert model.clusters is not None
    signature = [tf.TensorSpec([None, None], tf.int32)]
    pooled = tf.function(lambda items: model.encode_and_pool(items)[1], input_signature=signature)
    by_length = histories.take(np.argsort(histories.lengths))
    embeddings = np.concatenate([pooled(block).numpy() for block in padded_blocks(by_length, model.max_length)])
    embeddings /= np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)
    kmeans = KMeans(model.clusters.num_clusters, n_init=1, init="random", max_iter=_KMEANS_ROUNDS, random_state=0)
    model.clusters.centers.assign(kmeans.fit(embeddings).cluster_centers_)
