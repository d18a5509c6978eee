"""A window of served requests as tables for the terminal."""

from __future__ import annotations

from rich.box import SIMPLE
from rich.table import Table

from tfelc.ranker.monitoring.watched import Passed, Watched

_MOST_FEATURES = 15
CALIBRATION_HEADINGS = ("PSI", "mean score", "rows judged", "outcomes", "their mean score", "mean outcome", "ratio")


def features_table(watched: Watched) -> Table:
    """The features that moved most, and all that passed a threshold."""
    passed = {(each.name, each.measure) for each in watched.passed}
    table = Table(title=f"features against the export, {watched.rows:,} rows", box=SIMPLE)
    table.add_column("feature", min_width=20)
    for heading in ("PSI", "missing", "before", "unknown", "before"):
        table.add_column(heading, justify="right")
    for place, (name, feature) in enumerate(watched.worst_first()):
        if place >= _MOST_FEATURES and not any(key[0] == name for key in passed):
            continue
        table.add_row(
            name,
            _marked(number(feature.psi), (name, "psi") in passed),
            _marked(share(feature.missing), (name, "missing") in passed),
            share(feature.missing_before),
            _marked(share(feature.unknown), (name, "unknown") in passed),
            share(feature.unknown_before),
        )
    return table


def outputs_table(watched: Watched) -> Table:
    """The scores, with their calibration where there are outcomes."""
    passed = {(each.name, each.measure) for each in watched.passed}
    table = Table(title=f"scores, model version {watched.version}", box=SIMPLE)
    table.add_column("output", min_width=20)
    for heading in CALIBRATION_HEADINGS:
        table.add_column(heading, justify="right")
    for name in watched.outputs:
        psi, *others, ratio = output_cells(watched, name)
        moved = [(name, measure) in passed for measure in ("psi", "calibration")]
        table.add_row(name, _marked(psi, moved[0]), *others, _marked(ratio, moved[1]))
    return table


def output_cells(watched: Watched, name: str) -> list[str]:
    """The cells of an output under `CALIBRATION_HEADINGS`."""
    output = watched.outputs[name]
    found = output.calibration
    if found is None:
        return [number(output.psi), number(output.mean), *["-"] * 5]
    counts = [f"{found.rows:,}", f"{found.positives:,}"]
    return [
        *(number(output.psi), number(output.mean)),
        *counts,
        *(number(each) for each in (found.mean_score, found.mean_label, found.ratio)),
    ]


def number(value: float | None) -> str:
    """Four digits after the point; a dash for what is not defined."""
    return "-" if value is None else f"{value:.4f}"


def share(value: float | None) -> str:
    """A share in percent; a dash for what is not defined."""
    return "-" if value is None else f"{value:.2%}"


def passed_cells(each: Passed) -> list[str]:
    """A threshold that is passed, as cells."""
    return [each.name, each.measure, number(each.value), f"{each.threshold:g}"]


def _marked(text: str, moved: bool) -> str:
    return f"[bold red]{text} ![/]" if moved else text
