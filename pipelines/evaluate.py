"""Measures a trained ranker: `python pipelines/evaluate.py --run RUN --split test`."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from tfelc.cli import run

app = typer.Typer(add_completion=False)


@app.command()
def evaluate(
    run_path: Annotated[Path, typer.Option("--run", help="Run folder.")],
    split: Annotated[Literal["train", "validation", "test"], typer.Option(help="Which rows.")] = "test",
    data: Annotated[Path | None, typer.Option(help="Prepared dataset. Defaults to the one the run names.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Metrics by task and by user group, the gates and the clusters."""
    from tfelc.quiet_tensorflow import load_tensorflow

    load_tensorflow()

    from rich.console import Console
    from rich.progress import Progress

    from tfelc.evaluation.evaluation import evaluate
    from tfelc.evaluation.predictions import Predictor
    from tfelc.evaluation.tables import gates_table, groups_table, metrics_table
    from tfelc.json_text import json_text
    from tfelc.training.run_folder import RunFolder

    folder = RunFolder(run_path)
    dataset = folder.dataset(data)
    rows = dataset.rows(split)
    predictor = Predictor(folder.model(), dataset)
    errors = Console(stderr=True)
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        scored = bar.add_task("scoring", total=rows)
        predictions = predictor.predict(split, lambda done: bar.advance(scored, done))
    result = evaluate(predictions, split)
    if as_json:
        print(json_text(result))
        return
    console = Console()
    console.print(metrics_table(result, dataset.manifest.facts.get("best_possible_auc") if split == "test" else None))
    console.print(groups_table(result))
    console.print(gates_table(result))


if __name__ == "__main__":
    run(app)
