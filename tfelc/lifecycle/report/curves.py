"""Values epoch by epoch, side by side (Figure 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from tfelc.lifecycle.report.markup import Markup, note
from tfelc.lifecycle.report.picture import COLORS, GREY, drawing, picture

Curves = Mapping[str, Sequence[float]]
"""Name -> value of each epoch."""

# What a wing shows of the epochs of `history.json`: title of a panel -> its curves.
Panels = Callable[[Sequence[Mapping[str, Any]]], Mapping[str, Curves]]


def draw_history(state: Mapping[str, Any] | None, panels: Panels) -> Markup:
    """How a training went, epoch by epoch.

    Args:
        state: Content of the run's `history.json`; None where there is none yet.
        panels: Makes the panels of its epochs.
    """
    if not state or not state["history"]:
        return note("No training curves: the run has not finished an epoch (no history.json).")
    return draw_curves(panels(state["history"]), state["best_epoch"])


def draw_curves(panels: Mapping[str, Curves], best: int | None) -> Markup:
    """A panel for each kind of value, with a curve for each name.

    Args:
        panels: Title of a panel -> its curves.
        best: The epoch whose weights were kept, from 1; None where there is none.
    """
    with drawing(9, 3.3) as figure:
        texts = [
            _panel(axes, title, curves, best)
            for axes, (title, curves) in zip(
                figure.subplots(1, len(panels), squeeze=False).ravel(), panels.items(), strict=True
            )
        ]
        kept = f" The dashed line is the epoch whose weights were kept ({best})." if best else ""
        return picture(
            figure, f"Curves by epoch. {' '.join(texts)}", f"Training, epoch by epoch.{kept} As Figure 6 of the paper."
        )


def curves_of(epochs: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """Turns the values of each epoch into a curve for each name.

    Args:
        epochs: Name -> value for each epoch; what is not defined may be None or missing, as what pre-training has not.

    Returns:
        Name -> value of each epoch, NaN for what is not defined.

    Example:
        >>> curves_of([{"loss": 0.8, "auc": None}, {"loss": 0.4, "auc": 0.7}])
        {'loss': [0.8, 0.4], 'auc': [nan, 0.7]}
    """
    names = dict.fromkeys(name for epoch in epochs for name in epoch)
    return {name: [float("nan") if (value := epoch.get(name)) is None else value for epoch in epochs] for name in names}


def _panel(axes: Axes, title: str, curves: Curves, best: int | None) -> str:
    for number, (name, values) in enumerate(curves.items()):
        epochs = range(1, len(values) + 1)
        axes.plot(epochs, values, color=COLORS[number % len(COLORS)], marker="o", markersize=4, label=name)
    if best:
        axes.axvline(best, color=GREY, linestyle="--", linewidth=1, zorder=0)
    axes.set(title=title, xlabel="epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(y=0.1)
    if len(curves) > 1:
        axes.legend(fontsize=8)
    ends = ", ".join(f"{name} from {values[0]:.3f} to {values[-1]:.3f}" for name, values in curves.items())
    return f"{title}: {ends}."
