"""How fast the models train from arrays on a GPU, or on what there is: ranker, SASRec and ELCRec beside their limit."""

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.experiments.benchmarks.array_steps import device, products, training_step
from tfelc.experiments.benchmarks.harness import Column, Way, comparison, measure
from tfelc.experiments.benchmarks.torch_mmoe import torch_step
from tfelc.experiments.options import OutOption
from tfelc.experiments.table import Table

_COLUMNS = (
    Column("ms a step", "step_ms", ",.1f"),
    Column("times its products", "step_ms", ".2f", "ratio"),
    Column("rows/s", "rows_per_second"),
    Column("peak memory, MB", "peak_mb"),
)
_NEXT_ITEM = ("sasrec", "elcrec")
_NEXT_ITEM_ROWS = 512


def gpu(
    backend: Annotated[
        str, typer.Option(help="tensorflow or jax, of Keras. Defaults to the one of KERAS_BACKEND.")
    ] = os.environ.get("KERAS_BACKEND", "tensorflow"),
    batch_sizes: Annotated[str, typer.Option(help="Of the ranker, with commas between them.")] = "8192,16384,65536",
    seconds: Annotated[float, typer.Option(min=0.1, help="About how long the steps of a way take.")] = 5.0,
    out: OutOption = Path("results/gpu.json"),
) -> None:
    """Milliseconds of a training step in float32, bfloat16 and with XLA, beside its matrix products alone.

    Needs no TensorFlow where the backend is jax. Each way runs in a fresh process, on random arrays.
    """
    from rich.console import Console

    from tfelc.core.errors import UsageError
    from tfelc.experiments.result_file import publish

    if backend not in ("tensorflow", "jax") or find_spec(backend) is None:
        raise UsageError(f"--backend: tensorflow or jax, and installed. Received: {backend}")
    sizes = [_whole(size) for size in batch_sizes.split(",")]
    console = Console()
    environment = {"KERAS_BACKEND": backend}

    def way(label: str, function: Any, **arguments: Any) -> Way:
        return Way(label, function, arguments, environment, needs_tensorflow=False)

    measured: dict[str, Any] = {}
    for model, rows in [*(("ranker", size) for size in sizes), *((name, _NEXT_ITEM_ROWS) for name in _NEXT_ITEM)]:
        for precision in ("float32", "mixed_bfloat16"):
            label = f"{model}, {rows:,} rows, {precision}"
            common = {"rows": rows, "precision": precision, "seconds": seconds}
            ways = {"products": way(f"{label}: its matrix products", products, model=model, **common)}
            # JAX always compiles by XLA.
            for xla in (False, True) if backend == "tensorflow" else (True,):
                name = "XLA" if xla else "plain"
                ways[name] = way(f"{label}: {name}", training_step, model=model, xla=xla, **common)
            if model == "ranker":
                ways["torch"] = way(f"{label}: PyTorch's MMoE", torch_step, **common)
            found = measure(ways, console, reference="products")
            measured |= {f"{label}: {name}": of for name, of in found.items()}
    on = way("the device", device).run()
    publish(out, "gpu", {"backend": backend, "device": on, "seconds": seconds, "ways": measured}, console)


def tables(result: Mapping[str, Any]) -> list[Table]:
    """Time, its ratio to the limit's, rate and memory of each way."""
    title = f"a training step from arrays; backend {result['backend']}, on {result['device']}"
    return [comparison(title, result["ways"], _COLUMNS)]


def _whole(text: str) -> int:
    from tfelc.core.errors import UsageError

    if not text.strip().isdecimal() or not int(text):
        raise UsageError(f"--batch-sizes: whole numbers above 0 with commas between them. Received: {text}")
    return int(text)
