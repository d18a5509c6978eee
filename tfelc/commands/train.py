"""Trains a model.

`tfelc train --task ctr,cvr --data DIR --run RUN` trains a ranker,
`tfelc train --task next_item --dataset beauty` a next-item model.
"""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from tfelc.lifecycle.evaluation.result import EvaluationResult
    from tfelc.lifecycle.training.training_loop import TrainingLoop
    from tfelc.lifecycle.training.workers.cluster import Cluster
    from tfelc.next_item.training.next_item_trainable import NextItemTrainable
    from tfelc.ranker.training.ranker_trainable import RankerTrainable

app = typer.Typer(add_completion=False)


@app.command()
def train(
    task: Annotated[
        str, typer.Option(help="Task, or several with commas between them, of the schema's; or next_item.")
    ] = "",
    data: Annotated[
        Path | None, typer.Option(help="Prepared dataset. Defaults to a simulated log, made once in the cache.")
    ] = None,
    dataset: Annotated[
        str | None,
        typer.Option(
            help="For next_item: beauty, sports, toys, yelp, ml-1m, or a table: a file, a folder, a pattern, "
            "delta:PATH, iceberg:PATH, or a copy of a public set, such as ml-25m:FOLDER. Defaults to a simulated set."
        ),
    ] = None,
    csv_delimiter: Annotated[
        str | None,
        typer.Option(help="What separates the columns of CSV files of --dataset. Defaults to a comma; in .tsv a tab."),
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
    start: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="A ranker's run to start from: its weights, vocabularies and settings go on to --data. See "
            "docs/life.md.",
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the run in --run from its last checkpoint.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            help="A ranker is trained by so many processes on this machine, each on a part of every batch; TF_CONFIG "
            "names those of several machines. See docs/distributed.md."
        ),
    ] = None,
    list_settings: Annotated[
        bool, typer.Option("--settings", help="List every setting of --task with default and meaning, and end.")
    ] = False,
) -> None:
    """Trains, keeps the weights that do best on the validation split, and measures them on the test split."""
    from rich.console import Console

    from tfelc.core.errors import RunError, UsageError
    from tfelc.core.interruption import advise

    console = Console()
    if list_settings:
        print(_settings_page(task), end="")
        return
    if not task:
        raise UsageError("--task is missing: name a task of the schema, several with commas between them, or next_item")
    tasks = [name.strip() for name in task.split(",")]
    overrides = settings or []
    begun = resume and any(option is not None for option in (config, csv_delimiter, start))
    if begun or (resume and (run_path is None or overrides)):
        raise UsageError(
            "--resume goes on with --run as it was started: name the run, and no --config, --set, --csv-delimiter or "
            "--from"
        )
    if workers is not None and workers < 1:
        raise UsageError(f"--workers must be at least 1. Received: {workers}")
    cluster = _cluster(tasks, run_path, workers)
    run_path = run_path or _new_run(tasks)
    advise("start it again")
    if workers is not None and workers > 1:
        named = {"data": data, "config": config, "from": start, "dataset": dataset, "csv-delimiter": csv_delimiter}
        _launch(workers, ["--task", task, "--run", str(run_path)], named, overrides, resume)
        return
    if not resume and (cluster is None or cluster.is_chief) and (run_path / "run.json").exists():
        raise RunError(f"{run_path}: holds a run already; name another --run, or go on with it by --resume")
    if tasks == ["next_item"]:
        if data is not None or start is not None:
            raise UsageError(
                f"{'--from' if data is None else '--data'} is a ranker's; name the sequences of next_item by --dataset"
            )
        if resume:
            _finish(_resumed_next_item(run_path, dataset, console), console, _next_item_tables, task)
        else:
            created = _created_next_item(run_path, dataset, csv_delimiter, config, overrides, console)
            _finish(created, console, _next_item_tables, task)
        return
    if dataset is not None or csv_delimiter is not None:
        given = "--csv-delimiter" if dataset is None else "--dataset"
        raise UsageError(f"{given} is for --task next_item; name a ranker's prepared data by --data")
    if resume:
        training = _resumed_ranker(run_path, data, tasks, console)
    else:
        training = _created_ranker(run_path, data, tasks, config, overrides, start, console)
    _finish(training, console, lambda result: _ranker_tables(result, training), task)


def _cluster(tasks: list[str], run_path: Path | None, workers: int | None) -> "Cluster | None":
    """The workers that TF_CONFIG names, where it does."""
    from tfelc.core.errors import UsageError
    from tfelc.core.tensorflow_start import expect_lost_workers
    from tfelc.lifecycle.training.workers.cluster import Cluster

    cluster = Cluster.from_environment()
    if tasks == ["next_item"] and (cluster is not None or (workers or 1) > 1):
        named = "--workers" if cluster is None else "TF_CONFIG"
        raise UsageError(f"{named}: several workers train rankers alone; next_item is trained by one process")
    if cluster is not None and workers is not None:
        raise UsageError("--workers starts workers on this machine, and TF_CONFIG names others; take one of the two")
    if cluster is not None and run_path is None:
        raise UsageError("--run is missing: the workers that TF_CONFIG names share a run folder")
    if cluster is not None:
        expect_lost_workers()
    return cluster


def _launch(workers: int, run: list[str], given: Mapping[str, object], overrides: list[str], resume: bool) -> None:
    """Trains in several processes of this machine."""
    import shlex

    from tfelc.core.interruption import advise
    from tfelc.lifecycle.training.workers.launch import launch

    words = [word for name, value in given.items() if value is not None for word in (f"--{name}", str(value))]
    words += [word for override in overrides for word in ("--set", override)]
    resumed = shlex.join(["tfelc", "train", *run, "--workers", str(workers), "--resume"])
    advise(f"go on with it by {resumed}")
    launch(workers, ["train", *run, *words, *(["--resume"] if resume else [])], resumed)


def _settings_page(task: str) -> str:
    from tfelc.core.settings_page import settings_page

    if task == "next_item":
        from tfelc.next_item.settings import NextItemSettings

        return settings_page(NextItemSettings)
    from tfelc.ranker.settings import RankerSettings

    return settings_page(RankerSettings)


def _new_run(tasks: list[str]) -> Path:
    from datetime import datetime

    return Path("runs") / f"{'-'.join(tasks)}-{datetime.now():%Y%m%d-%H%M%S}"


def _created_ranker(
    run_path: Path,
    data: Path | None,
    tasks: list[str],
    config: Path | None,
    overrides: list[str],
    start: Path | None,
    console: "Console",
) -> "TrainingLoop[RankerTrainable]":
    from tfelc.core.tensorflow_start import load_tensorflow
    from tfelc.lifecycle.training.workers.connect import connect
    from tfelc.ranker.run import RankerRun
    from tfelc.ranker.settings import RankerSettings

    before = None if start is None else RankerRun.open(start)
    kept = None if before is None else before.settings.to_dict()
    settings = RankerSettings.load(config or kept, overrides)
    load_tensorflow()
    workers = connect()
    from tfelc.data.dataset import Dataset
    from tfelc.ranker.data.default_dataset import default_dataset
    from tfelc.ranker.training.train import create_training
    from tfelc.ranker.training.train_together import train_together

    def create() -> "TrainingLoop[RankerTrainable]":
        dataset = Dataset(data) if data else default_dataset(console)
        return create_training(dataset, tasks, settings, run_path, console, warm_start=before, workers=workers)

    return train_together(workers, run_path, data, create)


def _resumed_ranker(
    run_path: Path, data: Path | None, tasks: list[str], console: "Console"
) -> "TrainingLoop[RankerTrainable]":
    from tfelc.core.errors import UsageError
    from tfelc.core.tensorflow_start import load_tensorflow
    from tfelc.lifecycle.training.workers.connect import connect
    from tfelc.ranker.run import RankerRun

    run = RankerRun.open(run_path)
    if (trained := run.metadata["tasks"]) != tasks:
        raise UsageError(f"--resume: the run in {run_path} trains --task {','.join(map(str, trained))}")
    dataset = run.dataset(data)
    load_tensorflow()
    workers = connect()
    from tfelc.ranker.training.train import resume_training

    return resume_training(run, console, dataset, workers)


def _created_next_item(
    run_path: Path,
    source: str | None,
    csv_delimiter: str | None,
    config: Path | None,
    overrides: list[str],
    console: "Console",
) -> "TrainingLoop[NextItemTrainable]":
    from tfelc.core.tensorflow_start import load_tensorflow
    from tfelc.next_item.data.sources import SIMULATED, load_sequences
    from tfelc.next_item.default_settings import chosen_settings

    if source is None:
        console.print("no --dataset: training on a small simulated set", highlight=False)
        source = SIMULATED
    settings = chosen_settings(source, config, overrides)
    told, limits = partial(console.print, highlight=False, soft_wrap=True), settings.split
    sequences = load_sequences(source, told, limits.min_user_actions, limits.min_item_users, csv_delimiter)
    load_tensorflow()
    from tfelc.next_item.training.train import create_training

    return create_training(sequences, source, settings, run_path, console, csv_delimiter=csv_delimiter)


def _resumed_next_item(run_path: Path, source: str | None, console: "Console") -> "TrainingLoop[NextItemTrainable]":
    from tfelc.core.tensorflow_start import load_tensorflow
    from tfelc.next_item.run import NextItemRun

    run = NextItemRun.open(run_path)
    load_tensorflow()
    from tfelc.next_item.training.train import resume_training

    return resume_training(run, console, source)


def _finish(
    training: "TrainingLoop[Any]", console: "Console", tables: "Callable[[EvaluationResult], list[Table]]", task: str
) -> None:
    """Trains to the end, measures on the test split, and says where it all lies."""
    import shlex

    from tfelc.core.interruption import advise

    resume = shlex.join(["tfelc", "train", "--task", task, "--run", str(training.run.path), "--resume"])
    advise(f"go on with it by {resume}")
    training.train()
    if not training.trainable.workers.is_chief:
        return
    for table in tables(training.test()):
        console.print(table)
    run = training.run
    where = f"run folder: {run.path}\nTensorBoard: tensorboard --logdir {run.logs}"
    console.print(where, highlight=False, soft_wrap=True)


def _ranker_tables(result: "EvaluationResult", training: "TrainingLoop[RankerTrainable]") -> "list[Table]":
    from tfelc.ranker.evaluation.tables import result_tables

    best = training.trainable.dataset.manifest.metadata.get("best_possible_auc")
    return result_tables(result, best)


def _next_item_tables(result: "EvaluationResult") -> "list[Table]":
    from tfelc.next_item.evaluation.tables import ranking_table, simple_models_table

    return [ranking_table(result), *simple_models_table(result)]
