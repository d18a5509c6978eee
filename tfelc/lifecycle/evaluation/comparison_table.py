"""The differences of a model from another one as a table for the terminal."""

from __future__ import annotations

from rich.box import SIMPLE
from rich.table import Table

from tfelc.core.registry import Registry
from tfelc.lifecycle.evaluation.comparison import Comparison
from tfelc.metrics.ranker_metric import RankerMetric
from tfelc.metrics.ranking_metric import RankingMetric


def comparison_table(
    comparison: Comparison, other: str, metrics: Registry[RankerMetric] | Registry[RankingMetric]
) -> Table:
    """The difference of each metric from another model's, with interval and p-value.

    Args:
        comparison: The differences.
        other: What to call the other model.
        metrics: Where the metrics are declared.
    """
    notes = [f"paired bootstrap over {comparison.unit}"]
    if comparison.unit == "rows":
        notes[0] += ", since their users are not known: the intervals are too narrow where users repeat"
    if comparison.click_lifts:
        notes.append("top half: lift of the rate where each user sees the better half of the impressions")
    if comparison.adjusted_rand_index is not None:
        notes.append(f"clusters: adjusted Rand index {comparison.adjusted_rand_index:.3f}")
    table = Table(title=f"difference from {other}", caption="\n".join(notes), box=SIMPLE)
    table.add_column("")
    for heading in ("difference", "95 % interval", "p"):
        table.add_column(heading, justify="right")
    several = len(comparison.differences) > 1
    for output, differences in comparison.differences.items():
        rows = [(metrics.get(name).heading, "+.4f", found) for name, found in differences.items()]
        if output in comparison.click_lifts:
            rows.append(("top half", "+.2%", comparison.click_lifts[output]))
        for heading, form, found in rows:
            interval = f"({found.low:{form}}, {found.high:{form}})"
            name = f"{output} {heading}" if several else heading
            table.add_row(name, f"{found.difference:{form}}", interval, f"{found.p_value:.3f}")
    return table
