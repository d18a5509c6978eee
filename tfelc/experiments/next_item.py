"""How well do the next-item models rank? Several data sets, models and seeds, resumable, with one table."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from tfelc.next_item.data.sequences import Sequences
    from tfelc.next_item.settings import NextItemSettings, SplitSettings

_VARIANTS = {"sasrec": "b", "elcm": "b_elcm", "ccl": "b_ccl", "elcrec": "elcrec"}
_UNLEARNED = ("popularity", "item_knn")
_PAPER = "paper_"
_MODELS = (*_UNLEARNED, *_VARIANTS, *(f"{_PAPER}{name}" for name in _VARIANTS))


def next_item(
    datasets: Annotated[
        str, typer.Option(help="Data sets or files of one's own, as tfelc train takes them, with commas between them.")
    ] = "beauty,sports,toys,yelp",
    models: Annotated[
        str,
        typer.Option(help=f"Of {', '.join(_MODELS)}; {_PAPER}* take the paper's settings, the others the project's."),
    ] = "popularity,item_knn,sasrec,elcrec",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each model that learns, by seeds 0, 1, ...")] = 3,
    settings: Annotated[list[str] | None, typer.Option("--set", help="One setting of all models; may repeat.")] = None,
    runs: Annotated[Path, typer.Option(help="Folder of the runs; what is in it is not run again.")] = Path(
        "results/sequences"
    ),
    out: Annotated[Path, typer.Option(help="Result file; the table is written beside it as Markdown.")] = Path(
        "results/sequences.json"
    ),
) -> None:
    """Trains and measures each model on each data set: whole catalog, seen items removed.

    Leave-one-out, or by `--set split.protocol=global_time` a split by time.
    """
    from tfelc.core.errors import UsageError
    from tfelc.core.tensorflow_start import load_tensorflow
    from tfelc.next_item.data.sources import load_sequences

    names, sources = models.split(","), datasets.split(",")
    if unknown := [name for name in names if name not in _MODELS]:
        raise UsageError(f"--models: no `{unknown[0]}`; use {', '.join(_MODELS)}")
    if len({_label(source) for source in sources}) < len(sources):
        raise UsageError(f"--datasets: two of one name in {datasets}; the runs' folders go by it")
    overrides = settings or []
    # What is wrong with the last model or data set is told before the first is trained for hours.
    for name, source in itertools.product(names, sources):
        if name not in _UNLEARNED:
            settings_of(name, source, 0, overrides)
    protocol = settings_of("sasrec", sources[0], 0, overrides).split.protocol
    load_tensorflow()

    from rich.console import Console

    from tfelc.experiments.next_item_tables import print_table, summary, write_markdown
    from tfelc.experiments.result_file import write_result

    console = Console()
    data = {source: load_sequences(source, lambda line: console.print(line, soft_wrap=True)) for source in sources}
    found: dict[str, Any] = {}
    for source, loaded in data.items():
        folders: dict[str, list[Path]] = {}
        for name in names:
            folders[name] = list(_runs_of(name, source, loaded, seeds, overrides, runs, console))
        found[_label(source)] = {"data_hash": loaded.hash, "models": summary(folders)}
        # After each data set, so that a long benchmark can be read while it runs.
        write_result(out, {"protocol": f"{protocol}, seen items removed", "seeds": seeds, "datasets": found})
        write_markdown(out.with_suffix(".md"), found, protocol, seeds)
    print_table(console, found)
    console.print(f"written to {out} and {out.with_suffix('.md')}", soft_wrap=True)


def settings_of(model: str, source: str, seed: int, overrides: list[str]) -> "NextItemSettings":
    """The settings of one model on one data set: its file, the variant, and the seed."""
    from tfelc.core.errors import UsageError
    from tfelc.next_item.settings import DEFAULTS, NextItemSettings, settings_file

    path = settings_file(source)
    if model.startswith(_PAPER) and not (path := DEFAULTS / f"{_PAPER}{source}.yaml").exists():
        raise UsageError(f"--models: the paper has no settings for {source}, which {model} would take")
    variant = _VARIANTS[model.removeprefix(_PAPER)]
    extra = [f"model.variant={variant}", f"training.seed={seed}", *overrides]
    return NextItemSettings.load(path, extra)


def _label(source: str) -> str:
    """What a data set is called; a file by its name without endings."""
    return Path(source).name.split(".")[0]


def _runs_of(
    model: str, source: str, loaded: "Sequences", seeds: int, overrides: list[str], runs: Path, console: "Console"
) -> Iterator[Path]:
    from tfelc.next_item.run import NextItemRun

    if model in _UNLEARNED:
        split_config = settings_of("sasrec", source, 0, overrides).split
        yield _unlearned(model, loaded, split_config, runs / f"{_label(source)}-{model}", console)
        return
    for seed in range(seeds):
        folder = runs / f"{_label(source)}-{model}-{seed}"
        config = settings_of(model, source, seed, overrides)
        if (folder / "run.json").exists():
            run = NextItemRun(folder)
            _refuse_other(folder, run.metadata["data_hash"] == loaded.hash and run.settings == config)
        if not (folder / "metrics.json").exists():
            console.print(f"[bold]{_label(source)}, {model}[/bold], seed {seed}")
            _train(folder, source, loaded, config, console)
        yield folder


def _refuse_other(folder: Path, same: bool) -> None:
    from tfelc.core.errors import RunError

    if not same:
        raise RunError(f"{folder}: was made with other settings or data than are asked for; name another --runs")


def _train(folder: Path, source: str, loaded: "Sequences", config: "NextItemSettings", console: "Console") -> None:
    import keras

    from tfelc.next_item.run import NextItemRun
    from tfelc.next_item.training.train import create_training, resume_training

    if (folder / "run.json").exists():
        training = resume_training(NextItemRun(folder), console)
    else:
        folder.parent.mkdir(parents=True, exist_ok=True)
        training = create_training(loaded, source, config, folder, console)
    training.train()
    training.test()
    keras.backend.clear_session()


def _unlearned(
    model: str, loaded: "Sequences", split_config: "SplitSettings", folder: Path, console: "Console"
) -> Path:
    """Measures a model without weights, and leaves the files that a run would."""
    from tfelc.lifecycle.evaluation.result import EvaluationResult
    from tfelc.metrics.summary import ranking_metrics
    from tfelc.next_item.evaluation.full_ranking import full_ranking
    from tfelc.next_item.evaluation.item_knn_search import choose_item_knn
    from tfelc.next_item.models.popularity import Popularity
    from tfelc.next_item.run import NextItemRun, split
    from tfelc.next_item.settings import NEXT_ITEM

    measured_on = {"data_hash": loaded.hash, "protocol": split_config.protocol}
    if (folder / "metrics.json").exists():
        found = json.loads((folder / "metrics.json").read_text())
        _refuse_other(folder, found.items() >= measured_on.items())
        return folder
    splits = split(loaded, split_config)
    with console.status(f"{loaded.name}, {model}"):
        if model == "popularity":
            scorer: Any = Popularity(loaded.num_items).fit(splits.train)
        else:
            scorer = choose_item_knn(splits, loaded.num_items)
        ranks = full_ranking(scorer, splits.test, loaded.num_items).ranks
    folder.mkdir(parents=True, exist_ok=True)
    run = NextItemRun(folder)
    run.write_ranks(loaded.users[splits.test.users], ranks)
    result = EvaluationResult("test", "users", len(ranks), {NEXT_ITEM: ranking_metrics(ranks)})
    run.write_json("metrics.json", {**measured_on, **result.to_json()})
    return folder
