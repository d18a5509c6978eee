"""Drafts a schema for a table: `tfelc draft --input x.parquet --label click > schema.yaml`."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


@app.command()
def draft(
    inputs: Annotated[
        list[str],
        typer.Option("--input", help="Parquet, CSV or CSV.gz files; a quoted pattern such as 'logs/*.parquet' works."),
    ],
    labels: Annotated[
        list[str], typer.Option("--label", help="Column with an outcome to predict, 0 or 1; may repeat.")
    ],
    name: Annotated[
        str | None, typer.Option(help="What to call the schema. Defaults to the name of the first file.")
    ] = None,
) -> None:
    """Prints a commented schema, to be read through, and on standard error what is suspicious about the table."""
    import re

    from tfelc.data.draft.schema_draft import draft_schema

    stem = re.sub(r"\W+", "_", Path(inputs[0]).name.split(".")[0]).strip("_")
    drafted = draft_schema(inputs, labels, name or stem or "drafted")
    print(drafted.text(), end="")
    for warning in drafted.warnings:
        typer.echo(f"warning: {warning}", err=True)
