"""Scores files with an exported model.

`tfelc score --model BASE/3 --input "logs/*.parquet" --output scores` scores rows with a ranker,
`tfelc score top-k --model BASE/3 --input users.parquet --k 100 --output recs` finds the best items for
each user with a next-item model.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from tfelc.lifecycle.scoring.batch_job import BatchJob
    from tfelc.lifecycle.scoring.engines import Engine
    from tfelc.lifecycle.scoring.summary import Summary
    from tfelc.next_item.scoring.top_k_job import TopKJob
    from tfelc.ranker.scoring.ranker_summary import RankerSummary
    from tfelc.ranker.scoring.scoring_job import ScoringJob

TOP_K = "top-k"
_RUNNER_OPTIONS = {"allow_extra_args": True, "ignore_unknown_options": True}
_scores = typer.Typer(add_completion=False)
_top_k = typer.Typer(add_completion=False)

Inputs = Annotated[
    list[str],
    typer.Option(
        "--input",
        help="Parquet, CSV, TSV, JSON lines or TFRecord: files, a folder, a quoted pattern, a URL; or delta:PATH, "
        "iceberg:PATH, and spark:NAME with --engine spark. May repeat.",
    ),
]
Output = Annotated[str | None, typer.Option(help="Folder of the results; a job that was stopped goes on in it.")]
EngineName = Annotated[
    str,
    typer.Option(help="local, spark, or one of a plug-in. Spark also takes --master, --remote and --conf KEY=VALUE."),
]
ShardText = Annotated[str, typer.Option(help="i/n: this process scores its share of n.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Score so many rows at most.")]
MaxBadRows = Annotated[float, typer.Option(min=0, max=1, help="Share of rows that may be bad; over it, exit code 3.")]
CsvDelimiter = Annotated[
    str | None, typer.Option(help="What separates the columns of CSV files. Defaults to a comma; in .tsv files a tab.")
]
Recommender = Annotated[
    Path, typer.Option(help="Exported version of a next-item model, BASE/<version>; BASE for the latest.")
]
Allow = Annotated[
    str | None,
    typer.Option(help="Column of the lists of items to which a user's are restricted; an empty one leaves nothing."),
]
Deny = Annotated[str | None, typer.Option(help="Column of the lists of items that a user does not get.")]
Formula = Annotated[
    str | None,
    typer.Option("--score", help="What to rank by, such as 'ctr * cvr'. Not where the model has a `score` of its own."),
]
KeepSeen = Annotated[bool, typer.Option("--keep-seen", help="Also find items of the history itself.")]
Where = Annotated[
    list[str] | None,
    typer.Option(help="What items must be, such as color=red or in_stock=true; may repeat, also for a second color."),
]
AtMost = Annotated[
    list[str] | None, typer.Option(help="Items of one value for a user at most, such as color=2; may repeat.")
]
Diversity = Annotated[
    float,
    typer.Option(min=0, max=1, help="Share of unlikeness to a user's items before in what the next is chosen by."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check all, show five rows, write nothing.")]


def app() -> None:
    """Runs `top-k` where that is the first word, and else the scoring of rows, whose command has no name."""
    if sys.argv[1:2] == [TOP_K]:
        _top_k(sys.argv[2:], prog_name=f"{Path(sys.argv[0]).name} {TOP_K}")
    else:
        _scores()


@_scores.command(context_settings=_RUNNER_OPTIONS, epilog="Each user's best items: tfelc score top-k --help")
def score(
    context: typer.Context,
    model: Annotated[Path, typer.Option(help="Exported version of a ranker, BASE/<version>; BASE for the latest.")],
    inputs: Inputs,
    output: Output = None,
    keep: Annotated[list[str] | None, typer.Option(help="Column to keep beside the ids; may repeat.")] = None,
    engine: EngineName = "local",
    shard: ShardText = "1/1",
    limit: Limit = None,
    max_bad_rows: MaxBadRows = 0.001,
    top_k: Annotated[int | None, typer.Option(min=1, help="Also rank: rows kept for each value of --by.")] = None,
    by: Annotated[str | None, typer.Option(help="Column to rank for, such as user_id.")] = None,
    formula: Formula = None,
    csv_delimiter: CsvDelimiter = None,
    state: Annotated[
        Path | None, typer.Option(help="Folder `state` of a dataset: gives the rows the columns of the aggregates.")
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Scores files: one output part for each row group, the ids and one column an output, in the order of the input."""
    chosen = _checked_engine(context, engine, output, dry_run)

    from tfelc.lifecycle.scoring.shard import Shard
    from tfelc.ranker.scoring.scoring_job import JobSettings, ScoringJob

    job = ScoringJob(
        JobSettings(
            model=model,
            inputs=tuple(inputs),
            output=output or "",
            shard=Shard.parse(shard),
            limit=limit,
            max_bad_rows=max_bad_rows,
            csv_delimiter=csv_delimiter,
            keep=tuple(keep or ()),
            top_k=top_k,
            by=by,
            score=formula,
            state=state,
        )
    )
    if dry_run:
        _preview(job)
        return
    summary: RankerSummary = _run(job, chosen)  # type: ignore[assignment]  # a ScoringJob's is one
    _report_scores(job, summary)


@_top_k.command(context_settings=_RUNNER_OPTIONS)
def top_k(
    context: typer.Context,
    model: Recommender,
    inputs: Inputs,
    output: Output = None,
    k: Annotated[int, typer.Option("--k", min=1, help="Items for each user.")] = 100,
    user_id: Annotated[str, typer.Option(help="Column of the users' ids.")] = "user_id",
    history: Annotated[str, typer.Option(help="Column of the lists of their items, oldest first.")] = "history",
    allow: Allow = None,
    deny: Deny = None,
    keep_seen: KeepSeen = False,
    where: Where = None,
    at_most: AtMost = None,
    diversity: Diversity = 0.0,
    engine: EngineName = "local",
    shard: ShardText = "1/1",
    limit: Limit = None,
    max_bad_rows: MaxBadRows = 0.001,
    csv_delimiter: CsvDelimiter = None,
    dry_run: DryRun = False,
) -> None:
    """Finds the best items of users, whose rows hold lists of items, or an interaction each (user, item, time)."""
    chosen = _checked_engine(context, engine, output, dry_run)

    from tfelc.lifecycle.scoring.shard import Shard
    from tfelc.next_item.scoring.top_k_job import TopKJob, TopKSettings

    job = TopKJob(
        TopKSettings(
            model=model,
            inputs=tuple(inputs),
            output=output or "",
            shard=Shard.parse(shard),
            limit=limit,
            max_bad_rows=max_bad_rows,
            csv_delimiter=csv_delimiter,
            k=k,
            user_id=user_id,
            history=history,
            allow=allow,
            deny=deny,
            keep_seen=keep_seen,
            where=tuple(where or ()),
            at_most=tuple(at_most or ()),
            diversity=diversity,
        )
    )
    _run_top_k(job, engine, chosen, dry_run)


def _run_top_k(job: "TopKJob", engine: str, chosen: "Engine", dry_run: bool) -> None:
    from tfelc.core.errors import UsageError

    if job.is_gathered and engine != "local":
        raise UsageError(f"--engine {engine}: a table of interactions is gathered into histories on one machine")
    if dry_run:
        _preview(job)
        return
    _report(job, _run(job, chosen))


def _checked_engine(context: typer.Context, engine: str, output: str | None, dry_run: bool) -> "Engine":
    from tfelc.core.errors import UsageError
    from tfelc.core.interruption import advise
    from tfelc.core.tensorflow_start import load_tensorflow
    from tfelc.lifecycle.scoring.engines import ENGINES
    from tfelc.lifecycle.scoring.local_engine import local_engine

    if engine == "local":
        local_engine(context.args)  # Which has no options: told before TensorFlow is loaded.
    if output is None and not dry_run:
        raise UsageError("--output is missing: name the folder of the results")
    advise("the same command goes on where it stopped")
    load_tensorflow()
    # Before the inputs are looked into: what they name may be known to the engine alone.
    return ENGINES.get(engine)(context.args)


def _run(job: "BatchJob[Any]", engine: "Engine") -> "Summary":
    from tfelc.core.row_progress import RowProgress

    with RowProgress(job.rows) as bar:
        return job.run(engine, bar.advance)


def _preview(job: "BatchJob[Any]") -> None:
    from rich.console import Console

    from tfelc.lifecycle.scoring.tables import rows_table

    console = Console()
    rows = "an unknown number of" if job.rows is None else f"{job.rows:,}"
    version = job.scorer.model.version
    console.print(f"{len(job.files):,} files, {rows} rows, model version {version}: all is in order")
    console.print(rows_table(job.preview()))


def _report_scores(job: "ScoringJob", summary: "RankerSummary") -> None:
    from rich.console import Console

    from tfelc.lifecycle.scoring.output_folder import RANKING
    from tfelc.ranker.scoring.tables import drift_table, scores_table

    console = Console()
    console.print(scores_table(summary))
    if (drift := drift_table(summary)) is not None:
        console.print(drift)
    lines = []
    if summary.ranked is not None:
        lines.append(f"{summary.ranked:,} rows ranked: {job.settings.output}/{RANKING}")
    if summary.endless:
        formula = job.settings.score or job.ranker.schema.score
        lines.append(f"{summary.endless:,} rows have no finite score by {formula}, and come last")
    _report(job, summary, lines)


def _report(job: "BatchJob[Any]", summary: "Summary", more: list[str] | None = None) -> None:
    rate = summary.scored_now / summary.seconds
    lines = [
        f"{summary.scored:,} rows scored, {summary.measures.bad:,} in quarantine; "
        f"{summary.scored_now:,} of them now, {rate:,.0f} rows/s",
        *(more or ()),
    ]
    if not summary.complete:
        lines.append("the shares of other shards are still missing; the last one writes the manifest")
    lines.append(f"written to {job.settings.output} by model version {job.scorer.model.version}")
    for line in lines:
        typer.echo(line)
