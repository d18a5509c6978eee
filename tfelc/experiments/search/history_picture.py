"""Trials one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tfelc.lifecycle.report.markup import Markup, note
from tfelc.lifecycle.report.picture import COLORS, GREY, drawing, picture


def history_picture(trials: Sequence[Mapping[str, Any]], metric: str, sign: int) -> Markup:
    """What each trial came to, and the best so far.

    Args:
        trials: All that have a value.
        metric: Its name.
        sign: -1 where less is better.
    """
    complete = [trial for trial in trials if trial["state"] == "complete"]
    if len(complete) < 2:
        return note("Fewer than two trials have come to their end.")
    with drawing(9, 3.3) as figure:
        axes = figure.subplots()
        numbers, values = ([trial[key] for trial in complete] for key in ("number", "value"))
        axes.scatter(numbers, values, color=COLORS[0], s=18, label="complete")
        given_up = [trial for trial in trials if trial["state"] == "given up"]
        if given_up:
            places, last = ([trial[key] for trial in given_up] for key in ("number", "value"))
            axes.scatter(places, last, color=GREY, s=18, marker="x", label="given up")
        best = sign * np.maximum.accumulate(sign * np.array(values))
        axes.step(numbers, best, where="post", color=COLORS[1], label="best so far")
        axes.set(xlabel="trial", ylabel=metric)
        axes.legend(fontsize=8)
        text = f"{metric} by trial: {len(complete)} complete, the best from {best[0]:.4f} to {best[-1]:.4f}."
        return picture(figure, text, "Trials one after the other; a trial that was given up by its last epoch.")
