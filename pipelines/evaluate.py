"""Measures a trained ranker: `python pipelines/evaluate.py --run RUN --split test`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tfelc.cli import run

if TYPE_CHECKING:
    from tfelc.data.dataset import Dataset
    from tfelc.evaluation.predictions import Predictor
    from tfelc.scoring.exported_predictor import ExportedPredictor

app = typer.Typer(add_completion=False)


@app.command()
def evaluate(
    run_path: Annotated[Path | None, typer.Option("--run", help="Run folder.")] = None,
    model: Annotated[
        Path | None, typer.Option(help="Exported version, BASE/<version>, instead of a run; needs --data.")
    ] = None,
    split: Annotated[Literal["train", "validation", "test"], typer.Option(help="Which rows.")] = "test",
    data: Annotated[Path | None, typer.Option(help="Prepared dataset. Defaults to the one the run names.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Metrics by task and by user group, the gates and the clusters; of an exported version, the metrics alone."""
    from tfelc.errors import UsageError

    if (run_path is None) == (model is None):
        raise UsageError("name either a run by --run, or an exported version by --model")
    if model is not None and data is None:
        raise UsageError("--model needs --data: an exported version does not know where its data lies")
    from tfelc.quiet_tensorflow import load_tensorflow

    load_tensorflow()

    from rich.console import Console

    from tfelc.evaluation.evaluation import evaluate
    from tfelc.evaluation.tables import gates_table, groups_table, metrics_table
    from tfelc.json_text import json_text
    from tfelc.row_progress import RowProgress

    dataset, predictor = _of_run(run_path, data) if run_path is not None else _of_export(model, data)
    with RowProgress(dataset.rows(split)) as bar:
        predictions = predictor.predict(split, bar.advance)
    result = evaluate(predictions, split)
    if as_json:
        print(json_text(result))
        return
    console = Console()
    console.print(metrics_table(result, dataset.manifest.facts.get("best_possible_auc") if split == "test" else None))
    console.print(groups_table(result))
    if result["gates"]:
        console.print(gates_table(result))


def _of_run(path: Path, data: Path | None) -> "tuple[Dataset, Predictor]":
    from tfelc.evaluation.predictions import Predictor
    from tfelc.training.ranker_run import RankerRun

    folder = RankerRun(path)
    dataset = folder.dataset(data)
    return dataset, Predictor(folder.model(), dataset)


def _of_export(version: Path, data: Path) -> "tuple[Dataset, ExportedPredictor]":
    from tfelc.data.dataset import Dataset
    from tfelc.scoring.exported_predictor import ExportedPredictor
    from tfelc.scoring.exported_ranker import ExportedRanker

    dataset = Dataset(data)
    return dataset, ExportedPredictor(ExportedRanker(version), dataset)


if __name__ == "__main__":
    run(app)
