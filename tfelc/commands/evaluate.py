"""Measures a trained model, a ranker or a next-item one: `tfelc evaluate --run RUN --split test`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from tfelc.data.dataset import Dataset
    from tfelc.ranker.evaluation.predictions import Predictor
    from tfelc.ranker.scoring.exported_predictor import ExportedPredictor

app = typer.Typer(add_completion=False)


@app.command()
def evaluate(
    run_path: Annotated[Path | None, typer.Option("--run", help="Run folder.")] = None,
    model: Annotated[
        Path | None, typer.Option(help="Exported version, BASE/<version>, instead of a run; needs --data.")
    ] = None,
    split: Annotated[Literal["train", "validation", "test"], typer.Option(help="Which rows.")] = "test",
    data: Annotated[
        Path | None,
        typer.Option(help="Prepared dataset, or sequences of a next-item run. Defaults to what the run names."),
    ] = None,
    keep_seen: Annotated[
        bool, typer.Option("--keep-seen", help="Next item: what a user had before may come again, and is ranked too.")
    ] = False,
    against: Annotated[
        Path | None, typer.Option(help="Next item: another run on the same data, to compare with user by user.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Metrics of a ranker by task and user group, its gates and clusters (of an exported version, the metrics alone).

    Of a next-item run: HR and NDCG over the whole catalog, and the clusters.
    """
    from tfelc.core.errors import UsageError

    if (run_path is None) == (model is None):
        raise UsageError("name either a run by --run, or an exported version by --model")
    if model is not None and data is None:
        raise UsageError("--model needs --data: an exported version does not know where its data lies")
    from tfelc.core.tensorflow_start import load_tensorflow
    from tfelc.lifecycle.training.run_folder import RunFolder

    if run_path is not None and RunFolder(run_path).metadata()["kind"] == "next_item":
        if split == "train":
            raise UsageError(
                "--split train: a next-item run is measured on items that it was not fitted to; use validation or test"
            )
        load_tensorflow()
        _evaluate_next_item(run_path, split, data, keep_seen, against, as_json)
        return
    if keep_seen or against is not None:
        raise UsageError(f"{'--keep-seen' if keep_seen else '--against'} is for a next-item run, by --run")

    load_tensorflow()

    from rich.console import Console

    from tfelc.core.json_text import json_text
    from tfelc.core.row_progress import RowProgress
    from tfelc.ranker.evaluation.evaluation import evaluate
    from tfelc.ranker.evaluation.tables import gates_table, groups_table, metrics_table

    dataset, predictor = _of_run(run_path, data) if run_path is not None else _of_export(model, data)
    with RowProgress(dataset.rows(split)) as bar:
        predictions = predictor.predict(split, bar.advance)
    result = evaluate(predictions, split)
    if as_json:
        print(json_text(result))
        return
    console = Console()
    console.print(
        metrics_table(result, dataset.manifest.metadata.get("best_possible_auc") if split == "test" else None)
    )
    console.print(groups_table(result))
    if result["gates"]:
        console.print(gates_table(result))


def _evaluate_next_item(
    path: Path, split: str, data: Path | None, keep_seen: bool, against: Path | None, as_json: bool
) -> None:
    from rich.console import Console

    from tfelc.core.json_text import json_text
    from tfelc.core.row_progress import RowProgress
    from tfelc.next_item import run as sequence_run
    from tfelc.next_item.evaluation.comparison import compare_sequences
    from tfelc.next_item.evaluation.evaluation import evaluate_sequences
    from tfelc.next_item.evaluation.tables import comparison_table, ranking_table

    folder = sequence_run.SequenceRun(path)
    other = None if against is None else sequence_run.SequenceRun(against)
    if other is not None:
        folder.refuse_incomparable(other)
    model, other_model = folder.model(), other and other.model()
    sequences = folder.sequences(None if data is None else str(data))
    examples = getattr(sequence_run.split(sequences, folder.config().split), split)
    with RowProgress(len(examples), "users") as bar:
        result, ranks = evaluate_sequences(model, examples, split, not keep_seen, bar.update)
    comparison = None
    if other_model is not None:
        with RowProgress(len(examples), "users") as bar:
            comparison = compare_sequences(model, ranks, other_model, examples, not keep_seen, bar.update)
    if as_json:
        print(json_text(result if comparison is None else {**result, "against": comparison}))
        return
    console = Console()
    console.print(ranking_table(result, keep_seen))
    if comparison is not None:
        console.print(comparison_table(comparison, str(against)))


def _of_run(path: Path, data: Path | None) -> "tuple[Dataset, Predictor]":
    from tfelc.ranker.evaluation.predictions import Predictor
    from tfelc.ranker.run import RankerRun

    folder = RankerRun(path)
    dataset = folder.dataset(data)
    return dataset, Predictor(folder.model(), dataset)


def _of_export(version: Path, data: Path) -> "tuple[Dataset, ExportedPredictor]":
    from tfelc.data.dataset import Dataset
    from tfelc.ranker.scoring.exported_predictor import ExportedPredictor
    from tfelc.ranker.scoring.exported_ranker import ExportedRanker

    dataset = Dataset(data)
    return dataset, ExportedPredictor(ExportedRanker(version), dataset)
