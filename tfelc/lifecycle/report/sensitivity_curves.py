"""What the weight of the clustering loss and the number of clusters do to quality (Figure 5)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from tfelc.lifecycle.report.markup import Markup, note
from tfelc.lifecycle.report.picture import COLORS, GREY, drawing, picture
from tfelc.lifecycle.report.trial import Trial


def sensitivity_curves(trials: Sequence[Trial]) -> Markup:
    """A panel for alpha at the run's cluster number, and one for the cluster number at its alpha.

    Args:
        trials: The run's own first.
    """
    own = trials[0]
    panels: dict[str, list[tuple[float, Trial]]] = {
        f"weight alpha, with {own.count} clusters": [(one.alpha, one) for one in trials if one.count == own.count],
        f"number of clusters, at alpha {own.alpha:g}": [(one.count, one) for one in trials if one.alpha == own.alpha],
    }
    panels = {title: found for title, found in panels.items() if len({value for value, _ in found}) > 1}
    if not panels:
        return note("No sensitivity: no other run shares this one's alpha or its number of clusters.")
    with drawing(9, 3.3) as figure:
        texts = [
            _panel(axes, title, found, own)
            for axes, (title, found) in zip(
                figure.subplots(1, len(panels), squeeze=False).ravel(), panels.items(), strict=True
            )
        ]
        return picture(
            figure,
            f"Quality by setting. {' '.join(texts)}",
            "Test quality less that of this run. Dots are runs, lines their means. A flat line: the setting hardly "
            "matters. As Figure 5 of the paper.",
        )


def _panel(axes: Axes, title: str, found: Sequence[tuple[float, Trial]], own: Trial) -> str:
    values = sorted({value for value, _ in found})
    axes.axhline(0, color=GREY, linewidth=1, zorder=0)
    texts = []
    for color, name in zip(COLORS, own.quality, strict=False):
        places = [values.index(value) for value, _ in found]
        gains = np.array([trial.quality.get(name, float("nan")) - own.quality[name] for _, trial in found])
        means = [float(np.mean(gains[np.array(places) == place])) for place in range(len(values))]
        axes.scatter(places, gains, color=color, s=14)
        axes.plot(means, color=color, label=name)
        texts.append(
            f"{name}: {', '.join(f'{gain:+.4f} at {value:g}' for value, gain in zip(values, means, strict=True))}."
        )
    # Evenly spaced, as in the paper: the values tried are usually powers.
    axes.set_xticks(range(len(values)), [f"{value:g}" for value in values])
    axes.set(title=title, ylabel="difference from this run")
    axes.legend(fontsize=8)
    return f"By {title}: {' '.join(texts)}"
