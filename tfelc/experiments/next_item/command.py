"""How well do the next-item models rank? Several data sets, models and seeds, resumable, with one table."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from tfelc.experiments.next_item.models import PAPER_PREFIX, chosen_models, known_models, label, plans
from tfelc.experiments.options import OutOption, SettingsOption


def next_item(
    datasets: Annotated[
        str, typer.Option(help="Data sets or files of one's own, as tfelc train takes them, with commas between them.")
    ] = "beauty,sports,toys,yelp",
    models: Annotated[
        str,
        typer.Option(help=f"all, or of {', '.join(known_models())}; {PAPER_PREFIX}* take the paper's settings."),
    ] = "popularity,item_knn,sasrec,elcrec",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each model that learns, by seeds 0, 1, ...")] = 3,
    settings: SettingsOption = None,
    runs: Annotated[Path, typer.Option(help="Folder of the runs; what is in it is not run again.")] = Path(
        "results/next_item"
    ),
    out: OutOption = Path("results/next_item.json"),
) -> None:
    """Trains and measures each model on each data set: whole catalog, seen items removed.

    Leave-one-out, or by `--set split.protocol=global_time` a split by time.
    """
    from tfelc.core.errors import UsageError
    from tfelc.core.tensorflow_start import load_tensorflow
    from tfelc.next_item.data.sources import load_sequences

    names, sources = chosen_models(models), datasets.split(",")
    if len({label(source) for source in sources}) < len(sources):
        raise UsageError(f"--datasets: two of one name in {datasets}; the runs' folders go by it")
    # What is wrong with the last model or data set is told before the first is trained for hours.
    planned = {source: plans(names, source, seeds, settings or [], runs) for source in sources}
    first = planned[sources[0]][names[0]][0][1]
    protocol = first.split.protocol
    if protocol == "auto" or first.repeats:
        raise UsageError(
            "--set: this table is of one protocol, with seen items removed; set split.protocol to leave_one_out or "
            "global_time, and leave out `repeats`"
        )
    load_tensorflow()

    from rich.console import Console

    from tfelc.experiments.next_item.figures import summary
    from tfelc.experiments.next_item.runs import NextItemRuns
    from tfelc.experiments.result_file import publish, write_result
    from tfelc.next_item.default_settings import default_file

    console = Console()
    files = dict.fromkeys(
        default_file(source, name.startswith(PAPER_PREFIX)).name for source in sources for name in names
    )
    print_line = partial(console.print, soft_wrap=True)
    # All models of a data set are split alike, by `--set`.
    limits = {source: planned[source][names[0]][0][1].split for source in sources}
    loaded = {
        source: load_sequences(source, print_line, split.min_user_actions, split.min_item_users)
        for source, split in limits.items()
    }
    trained = [NextItemRuns(planned[source], source, loaded[source], console) for source in sources]
    for one in trained:
        one.check()
    found: dict[str, Any] = {}
    for source, one in zip(sources, trained, strict=True):
        found[label(source)] = {"data_hash": loaded[source].hash, "models": summary(one.run())}
        result = {
            "data_hash": {name: of["data_hash"] for name, of in found.items()},
            "protocol": f"{protocol}, seen items removed",
            "settings": [*files, *(settings or [])],
            "seeds": list(range(seeds)),
            "datasets": found,
        }
        # After each data set, so that a long experiment can be read while it runs.
        write_result(out, "next_item", result)
    publish(out, "next_item", result, console)
