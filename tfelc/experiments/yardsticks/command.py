"""Are the defaults worse than a linear model or untuned trees, on tables of any size?"""

import contextlib
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from tfelc.experiments.options import OutOption, SettingsOption


def yardsticks(
    data: Annotated[list[Path], typer.Option(help="Prepared dataset; may repeat. It is called after its folder.")],
    seeds: Annotated[int, typer.Option(min=1, help="Runs on each dataset, by seeds 0, 1, ...")] = 3,
    settings: SettingsOption = None,
    runs: Annotated[
        Path | None,
        typer.Option(help="Folder to keep the runs in: what is in it is not trained again. Without it none is kept."),
    ] = None,
    out: OutOption = Path("results/yardsticks.json"),
) -> None:
    """Trains all tasks of each dataset by the defaults; the test AUC beside that of simple models on the same rows."""
    from tfelc.core.tensorflow_start import load_tensorflow

    load_tensorflow()

    from rich.console import Console

    from tfelc.core.errors import UsageError
    from tfelc.data.dataset import Dataset
    from tfelc.experiments.result_file import publish
    from tfelc.experiments.yardsticks.figures import measure
    from tfelc.ranker.settings import RankerSettings

    console = Console()
    if len({path.name for path in data}) < len(data):
        raise UsageError("--data: two datasets have one name; rename a folder")
    datasets = {path.name: Dataset(path) for path in data}
    config = RankerSettings.load(None, settings or [])
    with contextlib.nullcontext(runs) if runs else tempfile.TemporaryDirectory() as folder:
        found = {
            name: measure(name, dataset, config, range(seeds), Path(folder), console)
            for name, dataset in datasets.items()
        }
    result = {
        "data_hash": {name: dataset.hash for name, dataset in datasets.items()},
        "protocol": "test split; the simple models are untuned and see the same training rows",
        "settings": settings or ["defaults"],
        "seeds": list(range(seeds)),
        "datasets": found,
    }
    publish(out, "yardsticks", result, console)
