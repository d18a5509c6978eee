"""Measures a trained model, a ranker or a next-item one: `tfelc evaluate --run RUN --split test`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from rich.table import Table

    from tfelc.data.dataset import Dataset
    from tfelc.lifecycle.evaluation.comparison import Comparison
    from tfelc.lifecycle.evaluation.result import EvaluationResult
    from tfelc.next_item.run import NextItemRun
    from tfelc.ranker.run import RankerRun

app = typer.Typer(add_completion=False)

CsvDelimiter = Annotated[
    str | None, typer.Option(help="Next item: what separates the columns of CSV files. Defaults to what did.")
]


@app.command()
def evaluate(
    run_path: Annotated[Path | None, typer.Option("--run", help="Run folder.")] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="Exported version, BASE/<version> or BASE for the latest, instead of a run; needs --data."),
    ] = None,
    split: Annotated[Literal["train", "validation", "test"], typer.Option(help="Which rows.")] = "test",
    data: Annotated[
        str | None,
        typer.Option(help="Prepared dataset, or sequences of a next-item run. Defaults to what the run names."),
    ] = None,
    csv_delimiter: CsvDelimiter = None,
    keep_seen: Annotated[
        bool, typer.Option("--keep-seen", help="Next item: what a user had before may come again, and is ranked too.")
    ] = False,
    against: Annotated[Path | None, typer.Option(help="Another run on the same data: the one to beat.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")] = False,
) -> None:
    """Metrics of a ranker by task and user group, its gates and clusters (of an exported version, the metrics alone).

    Of a next-item run: HR and NDCG over the whole catalog, and the clusters. Of its export the former alone, on the
    sequences that it was trained on.
    """
    from tfelc.core.errors import UsageError
    from tfelc.core.interruption import advise
    from tfelc.core.tensorflow_start import load_tensorflow
    from tfelc.lifecycle.run import Run
    from tfelc.next_item.run import NextItemRun

    advise("start it again")
    of_next_item = {"--keep-seen": keep_seen, "--csv-delimiter": csv_delimiter is not None}
    if model is not None and run_path is None:
        if data is None:
            raise UsageError("--model needs --data: an exported version does not know where its data lies")
        _refuse({"--keep-seen": keep_seen}, "a next-item run, by --run")
        _refuse({"--against": against is not None}, "a run, by --run")
        load_tensorflow()
        return _evaluate_export(model, split, data, csv_delimiter, as_json)
    if model is not None or run_path is None:
        raise UsageError("name either a run by --run, or an exported version by --model")
    run: Any = Run.open(run_path)
    other = None if against is None else type(run).open(against)
    if isinstance(run, NextItemRun):
        load_tensorflow()
        _evaluate_next_item(run, split, data, csv_delimiter, keep_seen, other, as_json)
    else:
        _refuse(of_next_item, "a next-item run, by --run")
        load_tensorflow()
        _evaluate_ranker(run, split, None if data is None else Path(data), other, as_json)


def _refuse(given: dict[str, bool], whose: str) -> None:
    """Raises UsageError for the first option that was given and is of something else."""
    from tfelc.core.errors import UsageError

    for option, is_given in given.items():
        if is_given:
            raise UsageError(f"{option} is for {whose}")


def _evaluate_ranker(
    run: "RankerRun", split: str, data: Path | None, against: "RankerRun | None", as_json: bool
) -> None:
    from tfelc.core.row_progress import RowProgress
    from tfelc.lifecycle.evaluation.comparison_table import comparison_table
    from tfelc.lifecycle.evaluation.with_yardsticks import with_yardsticks
    from tfelc.metrics.registries import RANKER_METRICS
    from tfelc.ranker.evaluation.comparison import compare
    from tfelc.ranker.evaluation.evaluation import evaluate
    from tfelc.ranker.evaluation.held_features import held_result
    from tfelc.ranker.evaluation.predictions import Predictor

    runs = [one for one in (run, against) if one is not None]
    for beaten in runs[1:]:
        runs[0].refuse_incomparable(beaten)
    dataset = runs[0].dataset(data)
    models = [run.model() for run in runs]
    predictors = [Predictor(model, dataset) for model in models]
    with RowProgress(len(runs) * dataset.rows(split)) as bar:
        own, *others = (predictor.predict(split, bar.advance) for predictor in predictors)
    held = held_result(dataset, run.schema, split, lambda rows: Predictor(models[0], rows).predict(split))
    result, comparison = with_yardsticks(evaluate(own, split, held=held), run, dataset.hash), None
    for other in others:
        with RowProgress(unit="outputs") as bar:
            comparison = compare(own, other, progress=bar.update)
    if as_json:
        _print_json(result, comparison)
        return
    tables = _ranker_tables(result, dataset)
    if comparison is not None:
        tables.append(comparison_table(comparison, str(runs[1].path), RANKER_METRICS))
    _print_tables(tables)


def _evaluate_export(version: Path, split: str, data: str, csv_delimiter: str | None, as_json: bool) -> None:
    from tfelc.lifecycle.export.versions import version_folder
    from tfelc.next_item.export.recommender_manifest import RecommenderManifest

    if (version_folder(version) / RecommenderManifest.file).exists():
        _evaluate_exported_recommender(version, split, data, csv_delimiter, as_json)
    else:
        _refuse({"--csv-delimiter": csv_delimiter is not None}, "a next-item model")
        _evaluate_exported_ranker(version, split, Path(data), as_json)


def _evaluate_exported_ranker(version: Path, split: str, data: Path, as_json: bool) -> None:
    from tfelc.core.row_progress import RowProgress
    from tfelc.data.dataset import Dataset
    from tfelc.ranker.evaluation.evaluation import evaluate
    from tfelc.ranker.evaluation.held_features import held_result
    from tfelc.ranker.scoring.exported_predictor import ExportedPredictor
    from tfelc.ranker.scoring.exported_ranker import ExportedRanker

    dataset = Dataset(data)
    ranker = ExportedRanker(version)
    with RowProgress(dataset.rows(split)) as bar:
        predictions = ExportedPredictor(ranker, dataset).predict(split, bar.advance)
    held = held_result(dataset, ranker.schema, split, lambda rows: ExportedPredictor(ranker, rows).predict(split))
    result = evaluate(predictions, split, held=held)
    if as_json:
        _print_json(result, None)
    else:
        _print_tables(_ranker_tables(result, dataset))


def _evaluate_next_item(
    run: "NextItemRun",
    split: str,
    data: str | None,
    csv_delimiter: str | None,
    keep_seen: bool,
    against: "NextItemRun | None",
    as_json: bool,
) -> None:
    from tfelc.core.row_progress import RowProgress
    from tfelc.lifecycle.evaluation.comparison_table import comparison_table
    from tfelc.lifecycle.evaluation.with_yardsticks import with_yardsticks
    from tfelc.metrics.registries import RANKING_METRICS
    from tfelc.next_item.evaluation.comparison import compare
    from tfelc.next_item.evaluation.evaluation import evaluate
    from tfelc.next_item.evaluation.measured import measured
    from tfelc.next_item.evaluation.tables import list_tables, ranking_table, simple_models_table

    runs = [one for one in (run, against) if one is not None]
    for other in runs[1:]:
        run.refuse_incomparable(other)
    keep_seen = keep_seen or run.settings.repeats
    examples, training = measured(run, split, data, lambda line: typer.echo(line, err=True), csv_delimiter)
    model, *other_models = (one.model() for one in runs)
    with RowProgress(len(examples), "users") as bar:
        result, ranks = evaluate(model, examples, split, not keep_seen, bar.update, training=training)
    if keep_seen == run.settings.repeats:
        result = with_yardsticks(result, run, run.metadata["data_hash"])
    comparison = None
    for other_model in other_models:
        with RowProgress(len(examples), "users") as bar:
            comparison = compare(model, ranks, other_model, examples, not keep_seen, bar.update)
    if as_json:
        _print_json(result, comparison)
        return
    tables = [ranking_table(result, keep_seen), *list_tables(result), *simple_models_table(result)]
    if comparison is not None:
        tables.append(comparison_table(comparison, str(runs[1].path), RANKING_METRICS))
    _print_tables(tables)


def _evaluate_exported_recommender(
    version: Path, split: str, data: str, csv_delimiter: str | None, as_json: bool
) -> None:
    from tfelc.core.row_progress import RowProgress
    from tfelc.next_item.evaluation.export_evaluation import evaluate_export
    from tfelc.next_item.evaluation.tables import ranking_table
    from tfelc.next_item.scoring.exported_recommender import ExportedRecommender

    recommender = ExportedRecommender(version)
    with RowProgress(unit="users") as bar:
        result = evaluate_export(recommender, data, split, csv_delimiter, bar.update)
    if as_json:
        _print_json(result, None)
    else:
        _print_tables([ranking_table(result)])


def _ranker_tables(result: "EvaluationResult", dataset: "Dataset") -> "list[Table]":
    from tfelc.ranker.evaluation.tables import result_tables

    best = dataset.manifest.metadata.get("best_possible_auc") if result.split == "test" else None
    return result_tables(result, best)


def _print_json(result: "EvaluationResult", comparison: "Comparison | None") -> None:
    from tfelc.core.json_text import json_text

    content: dict[str, Any] = result.to_json()
    print(json_text(content if comparison is None else {**content, "against": comparison.to_json()}))


def _print_tables(tables: "list[Table]") -> None:
    from rich.console import Console

    console = Console()
    for table in tables:
        console.print(table)
