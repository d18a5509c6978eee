"""Searches settings: `tfelc search --space space.yaml --trials 40 --runs DIR --out best.yaml --task ctr`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from tfelc.experiments.search.searched import Searched

app = typer.Typer(add_completion=False)


@app.command()
def search(
    space: Annotated[Path, typer.Option(help="What is searched (YAML): settings and the values they are tried with.")],
    runs: Annotated[Path, typer.Option(help="Folder of the search; what is in it is gone on with.")],
    out: Annotated[Path, typer.Option(help="File for the best settings, as tfelc train --config takes them.")],
    task: Annotated[str, typer.Option(help="As of tfelc train: tasks with commas between them, or next_item.")],
    trials: Annotated[int, typer.Option(min=1, help="Trials in all, over every process that works in --runs.")] = 40,
    data: Annotated[Path | None, typer.Option(help="A ranker's prepared dataset. Defaults to a simulated log.")] = None,
    dataset: Annotated[
        str | None, typer.Option(help="For next_item: a data set or a table. Defaults to a simulated set.")
    ] = None,
    csv_delimiter: Annotated[str | None, typer.Option(help="What separates the columns of --dataset.")] = None,
    config: Annotated[Path | None, typer.Option(help="Settings that all trials share (YAML).")] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="One setting that all trials share; may repeat.")
    ] = None,
) -> None:
    """Trains trials whose settings are drawn from a space, and keeps those that do best on the validation split."""
    import importlib.util

    from rich.console import Console

    from tfelc.core.errors import UsageError
    from tfelc.core.interruption import advise
    from tfelc.core.tensorflow_start import load_tensorflow

    if importlib.util.find_spec("optuna") is None:
        raise UsageError("tfelc search needs optuna; pip install '.[search]' in a checkout of tfelc brings it")
    if out.is_dir() or not out.parent.is_dir():
        raise UsageError(f"--out {out}: name a file in a folder that exists")
    from tfelc.experiments.search.space import SearchSpace

    read, console = SearchSpace.load(space), Console()
    load_tensorflow()
    from tfelc.experiments.search.results import write_results
    from tfelc.experiments.search.search import Search
    from tfelc.experiments.search.shared_study import SharedStudy
    from tfelc.experiments.search.tried_settings import TriedSettings

    tasks = [name.strip() for name in task.split(",")]
    searched = _searched(tasks, data, dataset, csv_delimiter, config, settings or [], console)
    tried = TriedSettings(read, space, searched)
    identity = {**searched.identity, "settings": tried.shared, "space": read.to_dict()}
    study = SharedStudy(runs, identity, read.seed, read.warmup_epochs)
    advise("the same command goes on with the trials that are left")
    Search(study, tried, searched, console).run(trials)
    write_results(study, tried, searched, out, console)


def _searched(
    tasks: list[str],
    data: Path | None,
    dataset: str | None,
    csv_delimiter: str | None,
    config: Path | None,
    settings: list[str],
    console: "Console",
) -> "Searched":
    from tfelc.core.errors import UsageError

    if tasks == ["next_item"]:
        from tfelc.experiments.search.next_item import SearchedNextItemModel
        from tfelc.next_item.data.sources import SIMULATED

        if data is not None:
            raise UsageError("--data is a ranker's; name the sequences of next_item by --dataset")
        return SearchedNextItemModel(dataset or SIMULATED, csv_delimiter, config, settings, console)
    if dataset is not None or csv_delimiter is not None:
        given = "--csv-delimiter" if dataset is None else "--dataset"
        raise UsageError(f"{given} is for --task next_item; name a ranker's prepared data by --data")
    from tfelc.data.dataset import Dataset
    from tfelc.experiments.search.ranker import SearchedRanker
    from tfelc.ranker.data.default_dataset import default_dataset

    return SearchedRanker(Dataset(data) if data else default_dataset(console), tasks, config, settings)
