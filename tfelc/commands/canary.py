"""Compares what two versions have answered: `tfelc canary --requests LOG --model EXPORT --against EXPORT`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tfelc.commands.monitor import KeyOption, RequestsOption, SinceOption, UntilOption, seconds

if TYPE_CHECKING:
    from tfelc.ranker.publishing.canary import Canary

app = typer.Typer(add_completion=False)


@app.command()
def canary(
    requests: RequestsOption,
    model: Annotated[Path, typer.Option(help="The canary: its export, BASE/<version>.")],
    against: Annotated[Path, typer.Option(help="The version that is served beside it: its export, BASE/<version>.")],
    outcomes: Annotated[list[str], typer.Option(help="What came of the requests, as of `prepare requests`.")],
    unmatched: Annotated[
        Literal["drop", "negative"], typer.Option(help="`drop` a row without an outcome, or take it as `negative`.")
    ],
    key: KeyOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    rules: Annotated[Path | None, typer.Option(help="Rules (YAML). Defaults to those of docs/life.md.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
    html: Annotated[Path | None, typer.Option(help="HTML page to write.")] = None,
) -> None:
    """Outcomes, scores and metrics of two versions, each on its own requests; docs/life.md tells all.

    Exit code 3: a rule is not fulfilled. 4: too few rows to say anything.
    """
    from tfelc.core.errors import UsageError
    from tfelc.core.tensorflow_start import load_tensorflow

    if html is not None and (html.is_dir() or not html.parent.is_dir()):
        raise UsageError(f"--html {html}: name a file in a folder that exists")
    begin, end = seconds("--since", since), seconds("--until", until)
    load_tensorflow()

    from tfelc.core.errors import TooFewRowsError
    from tfelc.lifecycle.publishing.canary_rules import OUTCOME, CanaryRules
    from tfelc.metrics.registries import RANKER_METRICS
    from tfelc.ranker.data.requests.served_rows import Window
    from tfelc.ranker.publishing.compare_served import compare_served
    from tfelc.ranker.publishing.measure import COMPARED
    from tfelc.ranker.publishing.served_arm import ServedArm
    from tfelc.ranker.scoring.exported_ranker import ExportedRanker

    directed = [OUTCOME, *(one for one in COMPARED if RANKER_METRICS.get(one).sign)]
    asked = CanaryRules.of(rules, RANKER_METRICS.names(), directed)
    rankers = [ExportedRanker(path) for path in (against, model)]
    if rankers[0].version == rankers[1].version:
        raise UsageError(f"--model and --against are both version {rankers[0].version}; name two")
    arms = []
    for ranker in rankers:
        window = Window(ranker.version, begin, end, said=True)
        arm = ServedArm.read(ranker, requests, outcomes, unmatched, key or (), window)
        if arm is None:
            raise TooFewRowsError(f"{', '.join(requests)}: version {ranker.version} has answered no request there")
        arms.append(arm)
    served, candidate = arms
    _tell(compare_served(served, candidate, asked), json, html)


def _tell(found: "Canary", json: bool, html: Path | None) -> None:
    from tfelc.core.errors import MovedError, TooFewRowsError

    if json:
        from tfelc.core.json_text import json_text

        print(json_text(found.to_json()))
    else:
        from rich.console import Console

        from tfelc.ranker.publishing.canary_page import arm_words, differences_table

        console = Console()
        console.print(differences_table(found))
        for arm in (found.served, found.candidate):
            console.print(arm_words(arm), highlight=False, soft_wrap=True)
        for check in found.verdict.checks:
            mark = "[green]yes[/green]" if check.ok else "[bold red]no [/bold red]"
            console.print(f"{mark} {check.rule}: {check.found}", highlight=False, soft_wrap=True)
        if found.status == "fulfilled":
            console.print(found.sentence(), highlight=False, soft_wrap=True)
    if html is not None:
        import shlex
        import sys

        from tfelc.core.atomic_files import write_text
        from tfelc.ranker.publishing.canary_page import canary_page

        write_text(html, canary_page(found, shlex.join(["tfelc", "canary", *sys.argv[1:]])))
    if found.status == "not_fulfilled":
        raise MovedError(found.sentence())
    if found.status == "too_few_rows":
        raise TooFewRowsError(found.sentence())
