"""Which features a ranker goes by."""

from __future__ import annotations

from collections.abc import Sequence

from tfelc.lifecycle.report.markup import Markup, bullets, data_table, paragraph
from tfelc.lifecycle.report.number_text import number
from tfelc.lifecycle.report.picture import drawing, picture
from tfelc.metrics.registries import RANKER_METRICS
from tfelc.ranker.explanation.explanation import ALL, Explanation, Unit
from tfelc.ranker.explanation.tables import giveaway_lines, name_of, shown_units
from tfelc.ranker.report.forest import forest


def feature_losses(explanation: Explanation) -> list[Markup]:
    """What each output loses where the values of a feature change their rows, as a picture and a table.

    Args:
        explanation: Of a version that was exported.
    """
    units = shown_units(explanation)
    headings = {output: RANKER_METRICS.get(metric).heading for output, metric in explanation.metrics.items()}
    said = (
        f"What version {explanation.model} loses on {explanation.rows:,} rows of {explanation.split} when the values "
        "of a feature, or of several together, are dealt to other rows: what it owes to them. Of two features that say "
        "the same, either loses little."
    )
    blocks = [paragraph(said), _picture(units, headings), _table(explanation, units, headings)]
    if lines := list(giveaway_lines(explanation)):
        blocks.append(bullets(lines))
    return blocks


def _picture(units: Sequence[Unit], headings: dict[str, str]) -> Markup:
    names = [name_of(unit) for unit in units]
    texts = []
    with drawing(9, 1.0 + 0.28 * len(names)) as figure:
        panels = figure.subplots(1, len(headings), squeeze=False, sharey=True)[0]
        for axes, (output, heading) in zip(panels, headings.items(), strict=True):
            losses = [unit.losses[output][ALL] for unit in units]
            forest(axes, names, [(loss.mean, loss.low, loss.high) for loss in losses], f"{output}: {heading}")
            texts += [f"{output}, {name}: {number(loss.mean)}." for name, loss in zip(names, losses, strict=True)]
        return picture(
            figure,
            f"Loss by permutation. {' '.join(texts)}",
            "What is lost: the dot is the mean over the permutations, the bar its 95 % interval over them, which says "
            "nothing of other rows. Features permuted together stand first, with their number.",
        )


def _table(explanation: Explanation, units: Sequence[Unit], headings: dict[str, str]) -> Markup:
    whole = ["nothing permuted", *(number(explanation.values[output][ALL]) for output in headings)]
    rows = [[name_of(unit), *(number(unit.losses[output][ALL].mean) for output in headings)] for unit in units]
    header = ["permuted", *(f"{output}, {heading}" for output, heading in headings.items())]
    return data_table("The metric of the rows as they are, and what it loses", header, [whole, *rows])
