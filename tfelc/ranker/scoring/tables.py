"""A job's summary as tables for the terminal."""

from __future__ import annotations

from rich.box import SIMPLE
from rich.table import Table

from tfelc.ranker.scoring.ranker_summary import DRIFT_WARNING, QUANTILES, RankerSummary

_MOST_FEATURES = 10


def scores_table(summary: RankerSummary) -> Table:
    """Quantiles of each probability, and its drift."""
    table = Table(title=f"scores, model version {summary.ranker.version}", box=SIMPLE)
    table.add_column("output")
    for share in QUANTILES:
        table.add_column(f"{share:.0%}", justify="right")
    table.add_column("PSI", justify="right")
    for output in summary.ranker.probabilities:
        drift = (summary.drift or {}).get("outputs", {}).get(output)
        table.add_row(output, *(f"{value:.4f}" for value in summary.quantiles(output)), _psi(drift))
    return table


def drift_table(summary: RankerSummary) -> Table | None:
    """The features that moved most against the validation split; None where nothing is known of it."""
    if summary.drift is None:
        return None
    features = sorted(summary.drift["features"].items(), key=lambda item: -item[1])
    moved = sum(value > DRIFT_WARNING for _, value in features)
    caption = f"{moved} of {len(features)} features over {DRIFT_WARNING:g}: compare the input with the training data"
    table = Table(title="drift against the validation split", caption=caption if moved else None, box=SIMPLE)
    table.add_column("feature", min_width=30)
    table.add_column("PSI", justify="right")
    for name, value in features[: max(_MOST_FEATURES, moved)]:
        table.add_row(name, _psi(value))
    return table


def _psi(value: float | None) -> str:
    if value is None or value != value:
        return "-"
    return f"[bold red]{value:.3f} moved[/]" if value > DRIFT_WARNING else f"{value:.3f}"
