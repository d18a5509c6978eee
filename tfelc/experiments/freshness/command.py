"""How much does a ranker gain from activity features that are fresher? B and boosted trees on KuaiRand-Pure."""

import contextlib
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tfelc.experiments.options import ConfigOption, OutOption, SettingsOption, TaskOption

_PROTOCOL = (
    "KuaiRand-Pure, test split, {:,} rows, the same for all; frozen and daily features are served to the same rankers, "
    "for their training rows are the same, live ones to rankers of their own; the day of a request is that of its time "
    "in Beijing; 95 % intervals by a paired bootstrap over users"
)


def freshness(
    data_dir: Annotated[Path, typer.Option(envvar="TFELC_DATA_DIR", help="Folder with KuaiRand-Pure's files.")],
    config: ConfigOption = None,
    task: TaskOption = "ctr,cvr",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of B on each data, by seeds 0, 1, ...")] = 3,
    settings: SettingsOption = None,
    runs: Annotated[
        Path | None,
        typer.Option(help="Folder to keep data and runs in: what is in it is not made again. Without it none is kept."),
    ] = None,
    out: OutOption = Path("results/freshness.json"),
) -> None:
    """Trains on features frozen at the end of training, refreshed daily, and live; judges all on the same test rows."""
    from tfelc.core.tensorflow_start import load_tensorflow

    load_tensorflow()

    from rich.console import Console

    from tfelc.experiments.freshness.datasets import prepared
    from tfelc.experiments.freshness.figures import compare, describe, trees_figures
    from tfelc.experiments.freshness.runs import measured
    from tfelc.experiments.ranker.variants import BASELINE, TREES, without_clusters
    from tfelc.experiments.result_file import publish
    from tfelc.ranker.settings import RankerSettings

    console = Console()
    baseline = without_clusters(RankerSettings.load(config, settings or []))
    heads = [name.strip() for name in task.split(",")]
    with contextlib.nullcontext(runs) if runs else tempfile.TemporaryDirectory() as folder:
        datasets = prepared(data_dir, Path(folder) / "data", console)
        found = measured(datasets, baseline, seeds, Path(folder), heads, console)
        with console.status(TREES):
            trees = {name: trees_figures(one, found[name][0].predictions) for name, one in datasets.items()}
    result = {
        "data_hash": {name: dataset.hash for name, dataset in datasets.items()},
        "protocol": _PROTOCOL.format(next(iter(datasets.values())).rows("test")),
        "loss": baseline.training.loss,
        "settings": [*([str(config)] if config else []), *(settings or [])] or ["defaults"],
        "seeds": list(range(seeds)),
        "tasks": heads,
        "configs": {BASELINE: baseline.to_dict()},
        "models": {BASELINE: describe(found), TREES: trees},
        "differences": compare(found),
        "training_seconds": {name: [one.seconds for one in ones] for name, ones in found.items()},
    }
    publish(out, "freshness", result, console)
