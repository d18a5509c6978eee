"""Publishes a run where it fulfills the rules: `tfelc publish --run RUN --to BASE --data DATA`."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tfelc.commands.export import TablesOption

if TYPE_CHECKING:
    from tfelc.lifecycle.publishing.served_label import ServedLabel
    from tfelc.ranker.publishing.gate import GateResult

app = typer.Typer(add_completion=False)
BaseOption = Annotated[Path, typer.Option("--to", help="The model's base folder; the next version appears in it.")]
ConfigOption = Annotated[
    Path | None,
    typer.Option(help="models.config file that the server reads. Defaults to one in the base folder, made if missing."),
]
NameOption = Annotated[
    str | None, typer.Option(help="The model's name there. Defaults to the name of the base folder.")
]
LabelOption = Annotated[str, typer.Option(help="The label that names the served version.")]


@app.command()
def publish(
    run: Annotated[Path, typer.Option(help="Folder of the trained run of a ranker.")],
    to: BaseOption,
    data: Annotated[Path, typer.Option(help="Prepared dataset that the run and the served version are judged on.")],
    rules: Annotated[Path | None, typer.Option(help="Rules (YAML). Defaults to those of docs/life.md.")] = None,
    split: Annotated[str, typer.Option(help="Its split.")] = "test",
    models_config: ConfigOption = None,
    name: NameOption = None,
    label: LabelOption = "stable",
    tables: TablesOption = None,
    page: Annotated[Path | None, typer.Option(help="HTML file to write the verdict to.")] = None,
    verdict: Annotated[Path | None, typer.Option(help="JSON file to write the verdict to.")] = None,
) -> None:
    """Exports a run, judges it beside the served version, and publishes it or says why not (exit code 1)."""
    from tfelc.core.errors import UsageError
    from tfelc.core.interruption import advise
    from tfelc.core.tensorflow_start import load_tensorflow

    for option, path in (("--page", page), ("--verdict", verdict)):
        if path is not None and (path.is_dir() or not path.parent.is_dir()):
            raise UsageError(f"{option} {path}: name a file in a folder that exists")
    advise("start it again; a version that has appeared meanwhile is whole")
    load_tensorflow()

    from rich.console import Console

    from tfelc.data.dataset import Dataset
    from tfelc.lifecycle.publishing.rules import PublishRules
    from tfelc.metrics.registries import RANKER_METRICS
    from tfelc.ranker.publishing.gate import publish_run
    from tfelc.ranker.publishing.measure import COMPARED
    from tfelc.ranker.run import RankerRun

    directed = [one for one in COMPARED if RANKER_METRICS.get(one).sign]
    asked = PublishRules.of(rules, RANKER_METRICS.names(), directed)
    opened, dataset, served = RankerRun.open(run), Dataset(data), served_label(to, models_config, name, label)
    with Console(stderr=True).status("starting") as status:
        result = publish_run(opened, served, dataset, asked, split, status.update, tables)
    about = {"version": result.version, "data_hash": dataset.hash, "run": str(run), "tables": tables or "float32"}
    _write(result, about, run.name, page, verdict)
    _report(result, to, served.path, label)


def served_label(to: Path, models_config: Path | None, name: str | None, label: str) -> "ServedLabel":
    """The label that the options name."""
    from tfelc.lifecycle.publishing.served_label import ServedLabel

    return ServedLabel(models_config or to / "models.config", to, name or to.resolve().name, label)


def _write(result: "GateResult", about: Mapping[str, Any], name: str, page: Path | None, verdict: Path | None) -> None:
    import shlex
    import sys

    from tfelc.core.atomic_files import write_text
    from tfelc.core.json_text import json_text
    from tfelc.lifecycle.publishing.page import verdict_page

    if verdict is not None:
        write_text(verdict, json_text({**result.verdict.to_json(), **about}) + "\n")
    if page is not None:
        command = shlex.join(["tfelc", "publish", *sys.argv[1:]])
        write_text(page, verdict_page(result.verdict, name, about["data_hash"], command))


def _report(result: "GateResult", base: Path, config: Path, label: str) -> None:
    from rich.console import Console

    console = Console()
    for check in result.verdict.checks:
        mark = "[green]yes[/green]" if check.ok else "[bold red]no [/bold red]"
        console.print(f"{mark} {check.rule}: {check.found}", highlight=False, soft_wrap=True)
    beside = "nothing was served" if result.verdict.served is None else f"version {result.verdict.served} was served"
    if result.version is None:
        console.print(f"refused; {beside}, and nothing has changed", highlight=False, soft_wrap=True)
        raise typer.Exit(1)
    path = base / str(result.version)
    said = f"published as version {result.version}: {path}; {beside}; `{label}` names it in {config}"
    console.print(said, markup=False, highlight=False, soft_wrap=True)
