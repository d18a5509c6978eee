"""What the weight of the clustering loss and the number of clusters do to quality (Figure 5)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from tfelc.errors import RunError
from tfelc.report.markup import Markup, note
from tfelc.report.picture import COLORS, GREY, drawing, picture
from tfelc.training.ranker_run import RankerRun
from tfelc.training.sequence_run import SequenceRun

Run = RankerRun | SequenceRun


@dataclass(frozen=True)
class Trial:
    """One finished run, as far as the figure needs it.

    Attributes:
        alpha: Weight of its clustering loss.
        count: Its number of clusters.
        quality: Test metrics by name.
    """

    alpha: float
    count: int
    quality: dict[str, float]


def trials_of(
    run: Run, siblings: Sequence[Run], quality: Callable[[Mapping[str, Any]], dict[str, float]]
) -> list[Trial]:
    """Reads the run and its siblings, which differ from it in alpha, cluster number and seed alone.

    Args:
        run: The run.
        siblings: Others of the same kind.
        quality: Content of `metrics.json` -> what is compared, by name.

    Returns:
        The run's own trial first.

    Raises:
        RunError: One has no test metrics, was trained on other data, or differs in another setting.
    """
    data, others = run.facts()["data_hash"], _apart_from_trial(run)
    trials = []
    for one in (run, *siblings):
        if one.facts()["data_hash"] != data:
            raise RunError(f"{one.path}: was trained on other data than {run.path} (its hash differs)")
        found = _apart_from_trial(one)
        if different := sorted(key for key in found if found[key] != others.get(key)):
            raise RunError(
                f"{one.path}: differs from {run.path} in {', '.join(different)}; --sensitivity compares runs that "
                "differ in model.clusters.alpha, model.clusters.count and training.seed alone"
            )
        if (metrics := one.read_json("metrics.json")) is None:
            raise RunError(f"{one.path}: has no metrics.json; train it to the end by --resume")
        clusters = one.config().model.clusters
        trials.append(Trial(clusters.alpha, clusters.count, quality(metrics)))
    return trials


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


def _apart_from_trial(run: Run) -> dict[str, Any]:
    flat = _flat(run.config().model_dump(mode="json"))
    return {
        key: value
        for key, value in flat.items()
        if key not in ("model.clusters.alpha", "model.clusters.count", "training.seed")
    } | ({"tasks": run.facts()["tasks"]} if isinstance(run, RankerRun) else {})


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in settings.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return found


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
