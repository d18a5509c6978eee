"""What is clustered, laid out in two dimensions (Figure 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from tfelc.lifecycle.report.group_names import in_order
from tfelc.lifecycle.report.markup import Markup, note
from tfelc.lifecycle.report.picture import COLORS, GREY, drawing, picture

POINTS = 1500
_FEWEST = 10


def embedding_map(
    embeddings: NDArray[np.floating[Any]],
    colorings: Mapping[str, NDArray[Any]],
    what: str,
    reading: str = "Separate islands of one color: the clusters find structure.",
    seed: int = 0,
) -> Markup:
    """t-SNE of a sample by direction, which is what clusters compare; a panel for each coloring.

    Args:
        embeddings: `(rows, dim)`.
        colorings: Title of a panel -> the name by which each row is colored, `(rows,)`, None for none.
        what: What the points are, in the plural.
        reading: How to read it, a sentence. Defaults to what islands of one color mean.
        seed: Of the sample and of t-SNE. Defaults to 0.

    Returns:
        The picture, or a line that says why there is none.
    """
    chosen = np.arange(len(embeddings))
    if len(chosen) > POINTS:
        chosen = np.sort(np.random.default_rng(seed).choice(chosen, POINTS, replace=False))
    rows = np.asarray(embeddings[chosen], np.float64)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    if len(rows) < _FEWEST or float(rows.std(axis=0).max()) < 1e-6:
        return note(f"No map of the embeddings: fewer than {_FEWEST} rows, or all alike.")
    places = _tsne(rows, seed)
    with drawing(9, 0.6 + 9 / max(len(colorings), 2)) as figure:
        panels = np.atleast_1d(figure.subplots(1, len(colorings)))
        texts = [
            _panel(axes, places, values[chosen], title)
            for axes, (title, values) in zip(panels, colorings.items(), strict=True)
        ]
        return picture(
            figure,
            f"Map of {len(rows)} {what}. {' '.join(texts)}",
            f"{len(rows):,} {what}, laid out by t-SNE so that neighbors are alike; the axes have no unit. "
            f"{reading} As Figure 7 of the paper.",
        )


def _tsne(rows: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    # Imported here: it loads slowly.
    from sklearn.manifold import TSNE
    from threadpoolctl import threadpool_limits

    model = TSNE(perplexity=min(30.0, (len(rows) - 1) / 3), init="pca", random_state=seed)
    # Its threads wait for each other in a thousand short steps, for minutes where other work holds a core.
    with threadpool_limits(1):
        found: NDArray[np.float64] = model.fit_transform(rows)
    return found


def _panel(axes: Axes, places: NDArray[np.float64], values: NDArray[Any], title: str) -> str:
    """Draws the points and names each color where its points are; returns what was drawn in words."""
    names = np.array(["" if value is None else str(value) for value in values], dtype=object)
    found, counts = np.unique(names[names != ""], return_counts=True)
    largest = in_order(found[np.argsort(-counts, kind="stable")][: len(COLORS)])
    others = ~np.isin(names, largest)
    # As an image within the drawing: thousands of circles would weigh megabytes.
    dots: dict[str, Any] = {"s": 7, "linewidths": 0, "rasterized": True}
    axes.scatter(*places[others].T, color=GREY, alpha=0.4, **dots)
    for color, name in zip(COLORS, largest, strict=False):
        axes.scatter(*places[names == name].T, color=color, label=name, **dots)
    axes.set(title=title, xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, 0), ncols=5, markerscale=2, columnspacing=1, handletextpad=0.2)
    listed = ", ".join(f"{name}: {np.mean(names == name):.0%}" for name in largest)
    rest = f", others {others.mean():.0%}" if others.any() else ""
    return f"Colored {title}: {listed}{rest}."
