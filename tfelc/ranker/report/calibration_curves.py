"""Predicted beside observed rates."""

from __future__ import annotations

import numpy as np

from tfelc.lifecycle.report.markup import Markup, note
from tfelc.lifecycle.report.picture import COLORS, GREY, drawing, picture
from tfelc.metrics.calibration_bins import calibration_bins
from tfelc.ranker.evaluation.predictions import Predictions


def calibration_curves(predictions: Predictions) -> Markup:
    """A panel for each output: the deciles of its predictions, and the rate observed in each.

    Args:
        predictions: Of one ranker; an output without a row is left out.
    """
    judged = {name: outcome for name, outcome in predictions.outcomes.items() if outcome.rows.any()}
    if not judged:
        return note("No calibration curves: there is no row on which an output is judged.")
    texts = []
    across = min(len(judged), 3)
    down = -(-len(judged) // across)
    with drawing(9, (0.4 + 9 / max(across, 3)) * down) as figure:
        panels = figure.subplots(down, across, squeeze=False).ravel()
        for axes, (name, outcome) in zip(panels, judged.items(), strict=False):
            bins = calibration_bins(outcome.labels[outcome.rows], outcome.probabilities[outcome.rows])
            filled = bins.rows > 0
            predicted, observed = (sums[filled] / bins.rows[filled] for sums in (bins.predicted, bins.observed))
            end = 1.05 * max(float(predicted.max()), float(observed.max()), 1e-6)
            axes.plot([0, end], [0, end], color=GREY, linestyle="--", linewidth=1)
            axes.plot(predicted, observed, color=COLORS[0], marker="o", markersize=5)
            axes.set(
                title=name, xlabel="predicted rate", ylabel="observed rate", xlim=(0, end), ylim=(0, end), box_aspect=1
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
            f"Observed rate by tenth of the predictions. {' '.join(texts)}",
            "Each point is a tenth of the impressions, from the lowest predictions to the highest. On the dashed line, "
            "what is predicted comes true; below it, the prediction is too high.",
        )
