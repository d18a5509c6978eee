"""A ranker by its settings and the yardsticks, on one dataset."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from tfelc.data.dataset import Dataset
from tfelc.experiments.figures import spread
from tfelc.experiments.ranker.runs import RankerRuns
from tfelc.experiments.ranker.variants import with_seed
from tfelc.ranker.settings import RankerSettings
from tfelc.ranker.training.table_defaults import resolved_settings
from tfelc.ranker.yardsticks.measure_yardsticks import measure_yardsticks
from tfelc.schema.task_chain import select_tasks


def measure(
    name: str, dataset: Dataset, config: RankerSettings, seeds: Sequence[int], folder: Path, console: Console
) -> dict[str, Any]:
    """Trains and measures.

    Args:
        name: What the dataset is called.
        dataset: The dataset, all tasks of which are trained.
        config: The settings of the ranker.
        seeds: A run for each.
        folder: Where the runs are kept.
        console: Where progress goes.

    Returns:
        Rows by split, what `auto` came to, the AUC of each output over the seeds and of each yardstick, and what
        training took.
    """
    heads = list(dataset.schema.tasks)
    runs = RankerRuns(
        {name: [(folder / f"{name}-{seed}", with_seed(config, seed)) for seed in seeds]}, dataset, heads, console
    )
    runs.check()
    found = runs.run()[name]
    with console.status(f"{name}: simple models"):
        simple = measure_yardsticks(dataset, dataset.schema, select_tasks(dataset.schema, heads, {}), heads)
    return {
        "rows": dataset.manifest.rows,
        "auto": resolved_settings(config, dataset.rows("train"), dataset.schema)[1],
        "ranker": spread([{output: values["auc"] for output, values in one.result.metrics.items()} for one in found]),
        "yardsticks": {
            model: {output: values["auc"] for output, values in metrics.items()} for model, metrics in simple.items()
        },
        "seconds": [one.seconds for one in found],
    }
