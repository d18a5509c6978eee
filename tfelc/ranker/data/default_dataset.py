"""The data that a ranker is trained on where none is named."""

from __future__ import annotations

from rich.console import Console

from tfelc.core.cache import cache_home
from tfelc.data.dataset import Dataset
from tfelc.ranker.data import simulated_log as simulated


def default_dataset(console: Console) -> Dataset:
    """A simulated log of 300,000 rows, made once in the cache.

    Args:
        console: Console. Where it is said that it is made.
    """
    path = cache_home() / "simulated-300000"
    if not path.exists():
        with console.status(f"simulating the default log of 300,000 rows in {path} (once)"):
            path.parent.mkdir(parents=True, exist_ok=True)
            simulated.prepare(rows=300_000, seed=7, out=path)
    return Dataset(path)
