"""Which features an exported ranker goes by: `tfelc explain --model EXPORT --data DATA`."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def explain(
    model: Annotated[Path, typer.Option(help="Exported version of a ranker, BASE/<version>; BASE for the latest.")],
    data: Annotated[str, typer.Option(help="Prepared dataset, or a log with labels: files, a folder, a pattern.")],
    split: Annotated[str, typer.Option(help="Split of a prepared dataset.")] = "test",
    group: Annotated[
        list[str] | None,
        typer.Option(
            help="Permuted together: a role (user, activity, item, context), or features joined by +. May repeat. "
            "Defaults to every role."
        ),
    ] = None,
    rows: Annotated[int, typer.Option(min=1, help="Rows to draw.")] = 10_000,
    repeats: Annotated[int, typer.Option(min=2, help="Permutations of each; intervals are over them.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the draw and of the permutations.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """What a ranker loses in AUC, by task and group of users, when the values of a feature change their rows."""
    from tfelc.core.interruption import advise
    from tfelc.core.tensorflow_start import load_tensorflow

    advise("start it again")
    load_tensorflow()

    from rich.console import Console

    from tfelc.core.json_text import json_text
    from tfelc.core.row_progress import RowProgress
    from tfelc.data.dataset import Dataset
    from tfelc.data.dataset_folder import is_prepared
    from tfelc.data.split_tables import LogTables, SplitTables
    from tfelc.ranker.explanation.explain import explain as explained
    from tfelc.ranker.explanation.tables import explanation_tables, giveaway_lines
    from tfelc.ranker.scoring.exported_ranker import ExportedRanker

    ranker = ExportedRanker(model)
    source: SplitTables = Dataset(Path(data)) if is_prepared(data) else LogTables(ranker.schema, data)
    with RowProgress(unit="features") as bar:
        found = explained(ranker, source, split, group or (), rows, repeats, seed, bar.update)
    if as_json:
        print(json_text(found.to_json()))
        return
    console = Console()
    for table in explanation_tables(found):
        console.print(table)
    for line in giveaway_lines(found):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
