"""Trains a model.

`tfelc train --task ctr,cvr --data DIR --run RUN` trains a ranker,
`tfelc train --task next_item --dataset beauty` a next-item model.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from tfelc.data.dataset import Dataset
    from tfelc.next_item.training.training import SequenceTraining
    from tfelc.ranker.training.training import Training

app = typer.Typer(add_completion=False)


@app.command()
def train(
    task: Annotated[
        str, typer.Option(help="Task, or several with commas between them, of the schema's; or next_item.")
    ],
    data: Annotated[
        Path | None, typer.Option(help="Prepared dataset. Defaults to a simulated log, made once in the cache.")
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(help="For next_item: beauty, sports, toys, yelp, ml-1m, or a file. Defaults to a simulated set."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="Settings (YAML). A named --dataset has settings of its own, a table the default's; `paper`, where "
            "there is no such file, are those of the paper for a named --dataset."
        ),
    ] = None,
    run_path: Annotated[
        Path | None, typer.Option("--run", help="Run folder to make. Defaults to one under runs/, named by the time.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="One setting, such as model.clusters.num_clusters=20; may repeat.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --run from its last checkpoint.")
    ] = False,
) -> None:
    """Trains, keeps the weights that do best on the validation split, and measures them on the test split."""
    from rich.console import Console

    from tfelc.core.errors import UsageError
    from tfelc.core.tensorflow_start import load_tensorflow
    from tfelc.ranker.settings import RankerSettings

    console = Console()
    heads = [name.strip() for name in task.split(",")]
    if resume and (run_path is None or config is not None or settings):
        raise UsageError("--resume goes on with --run as it was started: name the run, and no --config or --set")
    if heads == ["next_item"]:
        if data is not None:
            raise UsageError("--data is a ranker's; name the sequences of next_item by --dataset")
        _train_next_item(dataset, config, run_path or _new_run(heads), settings or [], resume, console)
        return
    if dataset is not None:
        raise UsageError("--dataset is for --task next_item; name a ranker's prepared data by --data")
    resolved = RankerSettings.load(config, settings or [])
    run_path = run_path or _new_run(heads)

    load_tensorflow()

    from tfelc.data.dataset import Dataset
    from tfelc.ranker.run import RankerRun
    from tfelc.ranker.training.training import Training

    if resume:
        folder = RankerRun(run_path)
        if (tasks := folder.metadata()["tasks"]) != heads:
            raise UsageError(f"--resume: the run in {run_path} trains --task {','.join(map(str, tasks))}")
        training = Training.resume(run_path, folder.dataset(data), console)
    else:
        prepared = Dataset(data) if data else _embedded_default(console)
        training = Training.start(run_path, prepared, resolved, heads, console)
    training.run()
    _report(training, console)
    _say_where(run_path, console)


def _new_run(heads: list[str]) -> Path:
    from datetime import datetime

    return Path("runs") / f"{'-'.join(heads)}-{datetime.now():%Y%m%d-%H%M%S}"


def _train_next_item(
    source: str | None, config: Path | None, run_path: Path, settings: list[str], resume: bool, console: "Console"
) -> None:
    from tfelc.core.tensorflow_start import load_tensorflow
    from tfelc.next_item.default_settings import PAPER, default_settings
    from tfelc.next_item.settings import NextItemSettings

    if resume:
        load_tensorflow()
        from tfelc.next_item.training.training import SequenceTraining

        training = SequenceTraining.resume(run_path, console, source)
    else:
        from tfelc.next_item.data.sources import SIMULATED, load_sequences

        if source is None:
            console.print("no --dataset: training on a small simulated set", highlight=False)
            source = SIMULATED
        if config is None or (str(config) == PAPER and not config.exists()):
            resolved = default_settings(source, settings, paper=config is not None)
        else:
            resolved = NextItemSettings.load(config, settings)
        sequences = load_sequences(source, lambda line: console.print(line, highlight=False, soft_wrap=True))
        load_tensorflow()
        from tfelc.next_item.training.training import SequenceTraining

        training = SequenceTraining.start(run_path, sequences, source, resolved, console)
    training.run()
    _report_next_item(training, console)
    _say_where(run_path, console)


def _report_next_item(training: "SequenceTraining", console: "Console") -> None:
    from tfelc.next_item.evaluation.tables import ranking_table

    console.print(ranking_table(training.test()))


def _embedded_default(console: "Console") -> "Dataset":
    from tfelc.core.cache import cache_home
    from tfelc.data.dataset import Dataset
    from tfelc.ranker.data import simulated_log as simulated

    path = cache_home() / "simulated-300000"
    if not path.exists():
        with console.status(f"simulating the default log of 300,000 rows in {path} (once)"):
            path.parent.mkdir(parents=True, exist_ok=True)
            simulated.prepare(rows=300_000, seed=7, out=path)
    return Dataset(path)


def _report(training: "Training", console: "Console") -> None:
    from tfelc.ranker.evaluation.tables import gates_table, groups_table, metrics_table

    result = training.test()
    console.print(metrics_table(result, training.dataset.manifest.metadata.get("best_possible_auc")))
    console.print(groups_table(result))
    console.print(gates_table(result))


def _say_where(run_path: Path, console: "Console") -> None:
    where = f"run folder: {run_path}\nTensorBoard: tensorboard --logdir {run_path / 'logs'}"
    console.print(where, highlight=False, soft_wrap=True)
