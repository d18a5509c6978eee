"""One measured next-item training, in a process of its own: `python -m ...efficiency_run WAY DATA`.

Prints one JSON object: CPU and wall seconds an epoch, CPU seconds of the K-means start, the peak memory of training,
and the wall seconds of ranking the test users.
"""

import json
import os
import resource
import statistics
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tfelc.core.command_line import run

if TYPE_CHECKING:
    from tfelc.next_item.data.examples import Examples
    from tfelc.next_item.models.elcrec import ELCRec

# ICLRec's code lets its K-means run so long.
_KMEANS_ROUNDS = 20

app = typer.Typer(add_completion=False)


@app.command()
def measure(
    way: Annotated[str, typer.Argument(help="sasrec, elcrec or iclrec.")],
    dataset: str,
    config: Path,
    epochs: int = 3,
    settings: Annotated[list[str] | None, typer.Option("--set")] = None,
) -> None:
    """Trains some epochs, the first left out, and prints the medians."""
    import numpy as np

    from tfelc.next_item.data.batches import SequenceBatches
    from tfelc.next_item.data.sources import load_sequences
    from tfelc.next_item.run import build_model, split
    from tfelc.next_item.settings import NextItemSettings
    from tfelc.next_item.training.initialization import count_neighbors
    from tfelc.next_item.training.next_item_trainer import NextItemTrainer

    variant = {"sasrec": "b", "elcrec": "elcrec", "iclrec": "b_ccl"}[way]
    chosen = NextItemSettings.load(config, [f"model.variant={variant}", *(settings or [])])
    loaded = load_sequences(dataset)
    splits = split(loaded, chosen.split)
    train = splits.train
    counts = np.bincount(train.targets, minlength=loaded.num_items + 1)[1:]
    model = build_model(chosen, loaded.num_items, counts)
    training = chosen.training
    positive_views = model.uses_positive_views
    batches = SequenceBatches(
        train, training.samples, chosen.split.max_length, training.batch_size, training.seed, positive_views
    )
    trainer = NextItemTrainer(
        model, chosen.optimizer, training.epochs * len(batches), batches.every_position, positive_views
    )
    users = SequenceBatches(train, "sequences", chosen.split.max_length, training.batch_size, 0)
    start = 0.0
    if way == "elcrec" and chosen.model.clusters.start == "kmeans":
        began = time.process_time()
        _fit_centers(model, users.histories)
        start = time.process_time() - began
    seconds = []
    for epoch in range(epochs + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        if way == "iclrec":
            _fit_centers(model, users.histories)
        for batch in batches.epoch(epoch):
            trainer.step(batch)
        trainer.losses()
        seconds.append((time.process_time() - cpu, time.perf_counter() - wall))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    # The first epoch traces the graph.
    cpu_seconds, wall_seconds = (statistics.median(values) for values in zip(*seconds[1:], strict=True))
    if chosen.model.neighbors.weight:
        count_neighbors(model, train)
    ranking = _rank_seconds(model, splits.test)
    found = {"cpu_s": cpu_seconds, "wall_s": wall_seconds, "start_cpu_s": start, "peak_mb": peak, "rank_s": ranking}
    print(json.dumps(found))


def _rank_seconds(model: "ELCRec", test: "Examples") -> float:
    """Of ranking every test user, once the graph is made, as it is after the first epoch of a training."""
    from tfelc.next_item.evaluation.catalog_scorer import embedding_graph
    from tfelc.next_item.evaluation.evaluation import evaluate

    graph = embedding_graph(model)
    evaluate(model, test.take(slice(0, 1000)), "test", graph=graph)
    began = time.perf_counter()
    evaluate(model, test, "test", graph=graph)
    return time.perf_counter() - began


def _fit_centers(model: "ELCRec", histories: "Examples") -> None:
    """ICLRec's E-step: K-means over the embeddings of all users; also the start of ELCRec's centers."""
    import numpy as np
    import tensorflow as tf
    from sklearn.cluster import KMeans

    from tfelc.next_item.data.batches import padded_blocks

    assert model.clusters is not None
    pooled = tf.function(model.pooled, input_signature=[tf.TensorSpec([None, None], tf.int32)], reduce_retracing=True)
    by_length = histories.take(np.argsort(histories.lengths))
    blocks = padded_blocks(by_length, model.max_length)
    embeddings = np.concatenate([pooled(block).numpy() for block in blocks])
    embeddings /= np.maximum(np.linalg.norm(embeddings, axis=1, keepdims=True), 1e-12)
    kmeans = KMeans(model.clusters.num_clusters, n_init=1, init="random", max_iter=_KMEANS_ROUNDS, random_state=0)
    model.clusters.centers.assign(kmeans.fit(embeddings).cluster_centers_)


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    run(app)
