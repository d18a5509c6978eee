"""The tables of an experiment with late conversions."""

from collections.abc import Mapping
from typing import Any

from tfelc.experiments.figures import spread, spread_text
from tfelc.experiments.table import Table

_TITLES = {
    "alike": "Conversions come 3 days after the click on average, whatever it is of",
    "by price": "They come 1 to 5 days after it on average, by the price",
}
_NOTE = (
    "Predicted over true: the sum of the predicted probabilities over that of the true ones, 1 being right. All "
    "outcomes known is what no log of today has."
)


def tables(result: Mapping[str, Any]) -> list[Table]:
    """Mean and standard deviation over the seeds, for each way in which delays are drawn."""
    made = []
    for name, variants in result["delays"].items():
        rows = []
        for variant, ones in variants.items():
            found = spread(ones)
            rows.append([variant, spread_text(found["calibration"]), spread_text(found["auc"])])
        seeds = f"mean and standard deviation over {len(result['seeds'])} seeds"
        made.append(Table(f"{_TITLES[name]}: {seeds}", ["young rows", "predicted over true", "AUC"], rows, _NOTE))
    return made
