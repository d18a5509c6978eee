"""Scores files with an exported ranker: `python pipelines/score.py --model BASE/3 --input "logs/*.parquet" ...`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tfelc.cli import run

if TYPE_CHECKING:
    from tfelc.scoring.job import Engine, ScoringJob
    from tfelc.scoring.summary import Summary

app = typer.Typer(add_completion=False)
_RUNNER_OPTIONS = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command(context_settings=_RUNNER_OPTIONS)
def score(
    context: typer.Context,
    model: Annotated[Path, typer.Option(help="Exported version, BASE/<version>.")],
    inputs: Annotated[
        list[str],
        typer.Option("--input", help="Parquet, CSV or TFRecord files: paths, URLs or quoted patterns; may repeat."),
    ],
    output: Annotated[
        str | None, typer.Option(help="Folder of the scores; a job that was stopped goes on in it.")
    ] = None,
    keep: Annotated[list[str] | None, typer.Option(help="Column to keep beside the ids; may repeat.")] = None,
    engine: Annotated[Literal["local", "beam"], typer.Option(help="Beam takes its runner's options too.")] = "local",
    shard: Annotated[str, typer.Option(help="i/n: this process scores its share of n.")] = "1/1",
    limit: Annotated[int | None, typer.Option(min=1, help="Score so many rows at most.")] = None,
    max_bad_rows: Annotated[
        float, typer.Option(min=0, max=1, help="Share of rows that may be bad; over it, exit code 3.")
    ] = 0.001,
    top_k: Annotated[int | None, typer.Option(min=1, help="Also rank: rows kept for each value of --by.")] = None,
    by: Annotated[str | None, typer.Option(help="Column to rank for, such as user_id.")] = None,
    formula: Annotated[str | None, typer.Option("--score", help="What to rank by, such as 'ctr * cvr'.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check all, show five rows, write nothing.")] = False,
) -> None:
    """Scores files: one output part for each row group, the ids and one column an output, in the order of the input."""
    from tfelc.errors import UsageError
    from tfelc.quiet_tensorflow import load_tensorflow

    if context.args and engine == "local":
        raise UsageError(f"no such option: {context.args[0]}")
    if output is None and not dry_run:
        raise UsageError("--output is missing: name the folder of the scores")
    load_tensorflow()

    from tfelc.scoring.job import JobSettings, ScoringJob
    from tfelc.scoring.shard import Shard

    job = ScoringJob(
        JobSettings(
            model=model,
            inputs=tuple(inputs),
            output=output or "",
            keep=tuple(keep or ()),
            shard=Shard.parse(shard),
            limit=limit,
            max_bad_rows=max_bad_rows,
            top_k=top_k,
            by=by,
            score=formula,
        )
    )
    if dry_run:
        _preview(job)
        return
    _report(job, _run(job, _beam(context.args) if engine == "beam" else None))


def _beam(options: list[str]) -> "Engine":
    from tfelc.scoring.beam_engine import beam_engine

    return beam_engine(options)


def _run(job: "ScoringJob", engine: "Engine | None") -> "Summary":
    from tfelc.row_progress import RowProgress

    with RowProgress(job.rows) as bar:
        return job.run(engine, bar.advance)


def _preview(job: "ScoringJob") -> None:
    from rich.console import Console

    from tfelc.scoring.tables import rows_table

    console = Console()
    rows = "an unknown number of" if job.rows is None else f"{job.rows:,}"
    console.print(f"{len(job.files):,} files, {rows} rows, model version {job.ranker.version}: all is in order")
    console.print(rows_table(job.preview()))


def _report(job: "ScoringJob", summary: "Summary") -> None:
    from rich.console import Console

    from tfelc.scoring.tables import drift_table, scores_table

    console = Console()
    console.print(scores_table(summary))
    if (drift := drift_table(summary)) is not None:
        console.print(drift)
    rate = summary.scored_now / summary.seconds
    lines = [
        f"{summary.scored:,} rows scored, {summary.measures.bad:,} in quarantine; "
        f"{summary.scored_now:,} of them now, {rate:,.0f} rows/s"
    ]
    if summary.ranked is not None:
        lines.append(f"{summary.ranked:,} rows ranked: {job.settings.output}/ranking")
    if not summary.complete:
        lines.append("the shares of other shards are still missing; the last one writes the manifest")
    lines.append(f"written to {job.settings.output}")
    for line in lines:
        typer.echo(line)


if __name__ == "__main__":
    run(app)
