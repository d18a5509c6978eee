"""How much each setting matters."""

from __future__ import annotations

from collections.abc import Mapping

from tfelc.lifecycle.report.markup import Markup, note
from tfelc.lifecycle.report.picture import COLORS, drawing, picture


def importance_picture(shares: Mapping[str, float]) -> Markup:
    """How much of the variance each setting explains.

    Args:
        shares: Setting -> share, largest first.
    """
    if not shares:
        return note("No importance: the trials do not differ in their metric.")
    with drawing(9, 0.7 + 0.35 * len(shares)) as figure:
        axes = figure.subplots()
        axes.barh(list(shares), list(shares.values()), color=COLORS[0])
        axes.invert_yaxis()
        axes.set(xlabel="share of the variance of the metric", xlim=(0, 1))
        text = f"Importance: {', '.join(f'{name} {share:.2f}' for name, share in shares.items())}."
        return picture(
            figure, text, "By fANOVA (Hutter et al. 2014) over the complete trials; of few trials it says little."
        )
