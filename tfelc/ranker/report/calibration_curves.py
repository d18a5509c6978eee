"""Predicted beside observed rates."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfelc.lifecycle.report.markup import Markup, note
from tfelc.lifecycle.report.picture import COLORS, GREY, drawing, picture
from tfelc.metrics.calibration_bins import BINS, calibration_bins
from tfelc.ranker.evaluation.predictions import Predictions

# Outcomes of the rarer kind that a point needs, on average.
_POSITIVES = 20


def calibration_curves(predictions: Predictions) -> Markup:
    """A panel for each output: the deciles of its predictions, and the rate observed in each.

    Args:
        predictions: Of one ranker; an output without a row is left out, and so are quantities.
    """
    judged = {name: outcome for name, outcome in predictions.binary_outcomes.items() if outcome.rows.any()}
    if not judged:
        why = "there is no row on which an output that is a probability is judged"
        return note(f"No calibration curves: {why}.")
    texts = []
    across = min(len(judged), 3)
    down = -(-len(judged) // across)
    with drawing(9, (0.4 + 9 / max(across, 3)) * down) as figure:
        panels = figure.subplots(down, across, squeeze=False).ravel()
        for axes, (name, outcome) in zip(panels, judged.items(), strict=False):
            labels = outcome.labels[outcome.rows]
            rarer = int(min(labels.sum(), len(labels) - labels.sum()))
            number = int(np.clip(rarer // _POSITIVES, 2, BINS))
            bins = calibration_bins(labels, outcome.probabilities[outcome.rows], number)
            filled = bins.rows > 0
            predicted, observed = (sums[filled] / bins.rows[filled] for sums in (bins.predicted, bins.observed))
            end = 1.05 * max(float(predicted.max()), float(observed.max()), 1e-6)
            axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
            low, high = _interval(observed, bins.rows[filled])
            end = max(end, 1.05 * float(high.max()))
            axes.vlines(predicted, low, high, color=COLORS[0], linewidth=1.5)
            axes.plot(predicted, observed, color=COLORS[0], marker="o", markersize=5)
            axes.set(
                title=f"{name}, {len(predicted)} points",
                xlabel="predicted rate",
                ylabel="observed rate",
                xlim=(0, end),
                ylim=(0, end),
                box_aspect=1,
            )
            widest = int(np.abs(predicted - observed).argmax())
            texts.append(
                f"{name}: furthest from the diagonal where {predicted[widest]:.3f} was predicted and "
                f"{observed[widest]:.3f} observed."
            )
        for axes in panels[len(judged) :]:
            axes.remove()
        return picture(
            figure,
            f"Observed rate by predicted rate. {' '.join(texts)}",
            f"Each point is an equal share of the impressions, a tenth where there are {BINS * _POSITIVES:,} outcomes "
            "of either kind and a larger share where there are fewer; the bar is the 95 % interval of its rate. On the "
            "dashed line, what is predicted comes true; below it, the prediction is too high.",
        )


def _interval(rates: NDArray[Any], rows: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Wilson's 95 % interval of a rate of so many rows."""
    z = 1.96
    middle = (rates + z**2 / (2 * rows)) / (1 + z**2 / rows)
    half = z * np.sqrt(rates * (1 - rates) / rows + z**2 / (4 * rows**2)) / (1 + z**2 / rows)
    return np.maximum(middle - half, 0), middle + half
