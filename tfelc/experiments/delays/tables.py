"""The tables of an experiment with late conversions."""

from collections.abc import Mapping
from typing import Any

from tfelc.experiments.delays.late_log import KNOWN
from tfelc.experiments.figures import spread, spread_text
from tfelc.experiments.table import Table

_TITLES = {
    "alike": "Conversions come 3 days after the click on average, whatever it is of",
    "by price": "They come 1 to 5 days after it on average, by the price",
}
_HEADINGS = ("young rows", "predicted over true", "predicted over that of all known", "AUC")
_NOTE = (
    "Predicted over true: the sum of the predicted probabilities over that of the true ones, 1 being right. All "
    "outcomes known is what no log of today has."
)


def tables(result: Mapping[str, Any]) -> list[Table]:
    """Mean and standard deviation over the seeds, for each way in which delays are drawn."""
    made = []
    for name, variants in result["delays"].items():
        rows = []
        known = [one["calibration"] for one in variants[KNOWN]]
        for variant, ones in variants.items():
            found = spread(ones)
            beside = spread([one["calibration"] / each for one, each in zip(ones, known, strict=True)])
            shown = (found["calibration"], beside, found["auc"])
            rows.append([variant, *map(spread_text, shown)])
        seeds = f"mean and standard deviation over {len(result['seeds'])} seeds"
        made.append(Table(f"{_TITLES[name]}: {seeds}", _HEADINGS, rows, _NOTE))
    return made
