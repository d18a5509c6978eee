"""The picture of a comparison day by day."""

import io
from collections.abc import Mapping
from typing import Any

from matplotlib.ticker import MaxNLocator

from tfelc.experiments.daily.days import INCREMENTAL, RETRAINED, YESTERDAY
from tfelc.lifecycle.report.picture import COLORS, drawing


def draw(result: Mapping[str, Any]) -> str:
    """The AUC of each model by day, a panel for each output, as SVG."""
    days = result["days"]
    outputs = list(days[0]["auc"][INCREMENTAL])
    with drawing(4.5 * len(outputs), 3.3) as figure:
        panels = figure.subplots(1, len(outputs), squeeze=False).ravel()
        for axes, output in zip(panels, outputs, strict=True):
            for color, name in zip(COLORS, (INCREMENTAL, RETRAINED, YESTERDAY), strict=False):
                points = [(day["day"], day["auc"][name][output]) for day in days if name in day["auc"]]
                axes.plot(*zip(*points, strict=True), color=color, marker="o", markersize=4, label=name)
            axes.set(title=f"{output}: AUC on the day after", xlabel="day")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.legend(fontsize=8)
        buffer = io.StringIO()
        figure.set_facecolor("white")
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
