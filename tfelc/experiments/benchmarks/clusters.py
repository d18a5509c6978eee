"""What the cluster module costs: its share of a training step; time and memory over batch and number of clusters."""

import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.experiments.benchmarks.harness import Way
from tfelc.experiments.benchmarks.meter import peak_mb
from tfelc.experiments.options import ConfigOption, OutOption, SettingsOption, TaskOption
from tfelc.experiments.table import Table

_BATCHES = (512, 8_192, 65_536)
_COUNTS = (20, 512, 4_096)
_WARM_UP = 3


def clusters(
    data: Annotated[
        Path | None, typer.Option(help="Prepared dataset. Defaults to a simulated log of 120,000 rows.")
    ] = None,
    config: ConfigOption = None,
    settings: SettingsOption = None,
    task: TaskOption = "ctr,cvr",
    batch_size: Annotated[int, typer.Option(min=1, help="Rows of the training step.")] = 8_192,
    rounds: Annotated[int, typer.Option(min=3, help="Steps of each model, in turn.")] = 25,
    grid: Annotated[bool, typer.Option(help="Also measure the layer over batch and number of clusters.")] = True,
    out: OutOption = Path("results/clusters.json"),
) -> None:
    """Times a training step of B and of B + ELCM in turn, and the layer alone on ever larger inputs."""
    from rich.console import Console

    from tfelc.data.dataset import Dataset
    from tfelc.experiments.benchmarks.rankers import simulated
    from tfelc.experiments.result_file import publish
    from tfelc.ranker.settings import Config

    console = Console()
    whole, plain = (
        Config.load(config, [*(settings or []), f"training.batch_size={batch_size}", *more]).model_dump(mode="json")
        for more in ((), ("model.clusters.count=0",))
    )
    result: dict[str, Any] = {"config": whole, "batch_size": batch_size, "rounds": rounds}
    with tempfile.TemporaryDirectory() as folder, console.status("a training step, with and without the clusters"):
        dataset = Dataset(data or simulated(Path(folder) / "data", 120_000))
        arguments = {"data": dataset.path, "task": task, "settings": whole, "plain": plain, "rounds": rounds}
        result |= {"data_hash": dataset.hash, "step": Way("training step", training_step, arguments).run()}
    ways = [
        Way(f"{batch:,} rows, {count:,} clusters", layer, {"batch": batch, "count": count, "settings": whole})
        for count in (_COUNTS if grid else ())
        for batch in _BATCHES
    ]
    result["layer"] = []
    for way in ways:
        with console.status(way.label):
            result["layer"].append(way.run())
    publish(out, "clusters", result, console)


def tables(result: Mapping[str, Any]) -> list[Table]:
    """The training step, and the layer over batch and number of clusters."""
    step = result["step"]
    title = f"training step, {result['batch_size']:,} rows, medians in ms"
    headings = ["B", "B + ELCM", "share of the whole module", "of it the clusters alone"]
    times, shares = (step["without_ms"], step["with_ms"]), (step["share"], step["layer_share"])
    found = [Table(title, headings, [[*(f"{ms:.1f}" for ms in times), *(f"{share:.1%}" for share in shares)]])]
    rows = []
    for cell in result["layer"]:
        size = cell["batch"] * cell["count"]
        tensors = f"{cell['memory_mb'] * 2**20 / (4 * size):.1f}" if size > 10_000_000 else ""
        times_of = (f"{cell['ms']:,.1f}", f"{cell['ms'] * 1e6 / size:.2f}")
        rows.append([f"{cell['count']:,}", f"{cell['batch']:,}", *times_of, f"{cell['memory_mb']:,.0f}", tensors])
    if rows:
        headings = ["clusters", "rows", "ms", "ns a row and cluster", "memory, MB", "of a (rows x clusters) tensor"]
        found.append(Table("the layer alone, forward and backward", headings, rows))
    return found


def training_step(
    data: str, task: str, settings: dict[str, Any], plain: dict[str, Any], rounds: int
) -> dict[str, float]:
    """Times a training step of B, of B + ELCM and of the clusters alone, in turn, on one batch in memory."""
    import tensorflow as tf

    from tfelc.experiments.benchmarks.rankers import started

    def step(folder: str, chosen: dict[str, Any]) -> Callable[[], Any]:
        training = started(folder, data, task, chosen)
        batch = next(iter(training.batches.epoch(0)))
        train = tf.function(training.trainer.train_step)
        return lambda: train(batch)["loss"].numpy()

    with tempfile.TemporaryDirectory() as folder:
        steps = {"without": step(f"{folder}/without", plain), "with": step(f"{folder}/with", settings)}
        seconds = _in_turn({**steps, "layer": _layer_step(settings)}, rounds)

    def share(name: str) -> float:
        # Neighbors in time are compared: the machine's speed drifts more than the module weighs.
        return statistics.median(part / whole for part, whole in zip(seconds[name], seconds["with"], strict=True))

    found = {f"{name}_ms": 1e3 * statistics.median(of) for name, of in seconds.items()}
    return {**found, "share": 1 - share("without"), "layer_share": share("layer")}


def layer(batch: int, count: int, settings: dict[str, Any]) -> dict[str, float]:
    """Times the layer forward and backward, and measures what its memory adds to the process."""
    _layer_step(settings, 64, 4)()
    before = peak_mb()
    seconds = _in_turn({"": _layer_step(settings, batch, count)}, 3 if batch * count > 10_000_000 else 30)[""]
    return {"batch": batch, "count": count, "ms": 1e3 * statistics.median(seconds), "memory_mb": peak_mb() - before}


def _layer_step(settings: dict[str, Any], batch: int | None = None, count: int | None = None) -> Callable[[], Any]:
    """A training step of the cluster layer alone, with a gradient to its inputs, on random embeddings.

    Its size is that of the settings where none is given.
    """
    import numpy as np
    import tensorflow as tf

    from tfelc.layers.learnable_clusters import LearnableClusters
    from tfelc.ranker.settings import Config

    config = Config.model_validate(settings)
    chosen = config.model.clusters
    batch, count = batch or config.training.batch_size, count or chosen.count
    same = {name: getattr(chosen, name) for name in ("alpha", "objective", "temperature", "momentum", "merge")}
    clusters = LearnableClusters(count, **same)
    clusters.build((None, chosen.dim))
    rng = np.random.default_rng(0)
    rows = tf.Variable(rng.normal(size=(batch, chosen.dim)).astype("float32"))
    wanted = tf.constant(rng.normal(size=count).astype("float32"))

    @tf.function
    def train() -> Any:
        with tf.GradientTape() as tape:
            out = clusters(rows, training=True)
            target = tf.reduce_mean(tf.linalg.matvec(out["assignment"], wanted)) + sum(clusters.losses)
        variables = [rows, *(weight.value for weight in clusters.trainable_weights)]
        return [tf.reduce_sum(gradient) for gradient in tape.gradient(target, variables)]

    return lambda: [value.numpy() for value in train()]


def _in_turn(steps: Mapping[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Seconds of each step, one after another, the first rounds left out."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(_WARM_UP + rounds):
        for name, take in steps.items():
            began = time.perf_counter()
            take()
            if number >= _WARM_UP:
                seconds[name].append(time.perf_counter() - began)
    return seconds
