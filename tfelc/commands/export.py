"""Exports a run for TensorFlow Serving: `tfelc export --run RUN --to BASE`."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from tfelc.next_item.export.exporter import RecommenderExport
    from tfelc.ranker.export.exporter import Export

app = typer.Typer(add_completion=False)
# Of the request that is printed.
_ASKED_K = 10


Catalog = Annotated[
    str | None,
    typer.Option(
        help="Of a next-item model: the table of its items' attributes as they are today. Defaults to what was "
        "known at training."
    ),
]
TablesOption = Annotated[
    Literal["float16", "int8"] | None,
    typer.Option(
        help="Of a ranker: the embedding tables are served in so many bytes a value. Defaults to the float32 that "
        "they were trained in; tfelc benchmark embedding-tables tells what it changes."
    ),
]


Score = Annotated[
    str | None,
    typer.Option(
        help="Of a ranker: the formula of the output score, such as 'ctr * cvr ** 0.5'. Defaults to that of the schema "
        "that it was trained with."
    ),
]


@app.command()
def export(
    run: Annotated[Path, typer.Option(help="Folder of the trained run, a ranker's or a next-item model's.")],
    to: Annotated[Path, typer.Option(help="The model's base folder; the next version appears in it.")],
    index: Annotated[
        Literal["brute_force", "streaming"] | None,
        typer.Option(
            help="Of a next-item model: how the best items are found. streaming is for catalogs whose scores do not "
            "fit into memory. Defaults to brute_force."
        ),
    ] = None,
    catalog: Catalog = None,
    tables: TablesOption = None,
    score: Score = None,
) -> None:
    """Writes a run's best weights as the next version for TensorFlow Serving, and verifies it before it appears."""
    from tfelc.core.errors import UsageError
    from tfelc.core.interruption import advise
    from tfelc.core.tensorflow_start import load_tensorflow

    advise("nothing is left behind; start it again")
    load_tensorflow()

    from rich.console import Console

    from tfelc.lifecycle.run import Run
    from tfelc.next_item.run import NextItemRun

    opened: Any = Run.open(run)
    is_recommender = isinstance(opened, NextItemRun)
    if index is not None and not is_recommender:
        raise UsageError("--index is for next-item runs; a ranker has no catalog to search")
    if catalog is not None and not is_recommender:
        raise UsageError("--catalog is for next-item runs; a ranker is asked with the features of its items")
    if tables is not None and is_recommender:
        raise UsageError("--tables is for rankers; a next-item model is served as it was trained")
    if score is not None and is_recommender:
        raise UsageError("--score is for rankers; a next-item model has one score of each item")
    with Console(stderr=True).status("starting") as status:
        if is_recommender:
            from tfelc.next_item.export.exporter import export_recommender

            recommender = export_recommender(opened, to, index or "brute_force", status.update, catalog)
        else:
            from tfelc.ranker.export.exporter import export as export_ranker

            ranker = export_ranker(opened, to, status.update, tables, score)
    if is_recommender:
        _report_recommender(recommender, to)
    else:
        _report_ranker(ranker, to)


def _report_ranker(exported: "Export", base: Path) -> None:
    from tfelc.ranker.export.requests import curl_command

    def takes(inputs: Mapping[str, Any]) -> str:
        # `k` of a ranking has no shape: it is one number, as such or in a list.
        once = sum(tensor["shape"] is None or tensor["shape"][0] == 1 for tensor in inputs.values())
        each = f"{len(inputs) - once} inputs a row" if len(inputs) - once > 1 else "1 input a row"
        return f"{each}, {once} once" if once else each

    origin = "rows of the validation split" if exported.rows_are_real else "rows made from the vocabularies"
    verified = f"{len(exported.rows):,} {origin} and on broken ones"
    _report(exported, base, "ranker", takes, verified, curl_command(exported.manifest.schema_, exported.rows))


def _report_recommender(exported: "RecommenderExport", base: Path) -> None:
    from tfelc.next_item.export.requests import recommend_curl

    verified = f"{len(exported.histories):,} histories of the test split and on broken ones"
    _report(exported, base, "recommender", ", ".join, verified, recommend_curl(exported.histories, _ASKED_K))


def _report(
    exported: "Export | RecommenderExport",
    base: Path,
    name: str,
    takes: Callable[[Mapping[str, Any]], str],
    verified: str,
    request: str,
) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("signature", "takes", "gives")
    for signature, tensors in exported.manifest.signatures.items():
        table.add_row(signature, takes(tensors["inputs"]), ", ".join(tensors["outputs"]))
    Console().print(table)
    largest = max(value for outputs in exported.differences.values() for value in outputs.values())
    lines = (
        f"verified in a fresh process on {verified}: largest difference from the trained model {largest:.1g}",
        f"version {exported.version}: {exported.path}",
        f"serve it: tfelc serve --base-path {base} --name {name}",
        "and ask it:",
        request,
    )
    for line in lines:
        # Not by the console, which would break long lines where a shell must not find a break.
        typer.echo(line)
