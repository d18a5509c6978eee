"""The tables of a comparison of degrees of freshness."""

from collections.abc import Mapping
from typing import Any

from tfelc.experiments.figures import interval_text, signed, spread_text
from tfelc.experiments.table import Table

_NOTE = (
    "held: each user feature has, in all rows of the group, the value of its first row, as in one request. Plain GAUC "
    "also compares rows of one user before and after a change of his own features, which no request does."
)


def tables(result: Mapping[str, Any]) -> list[Table]:
    """For each output the figures of each model by freshness, and what fresher features gain in AUC."""
    found = []
    for output in next(iter(result["models"]["B"].values())):
        rows, names = [], []
        for model, degrees in result["models"].items():
            for degree, outputs in degrees.items():
                names = list(outputs[output])
                rows.append([f"{model}, {degree}", *(spread_text(outputs[output][name]) for name in names)])
        seeds = f"mean and standard deviation over {len(result['seeds'])} seeds"
        found.append(Table(f"{output}: test split, {seeds}", ["", *map(_heading, names)], rows, _NOTE))
    gains = [
        [f"{output}, {degree}", interval_text(lift, signed)]
        for degree, outputs in result["differences"].items()
        for output, lift in outputs.items()
    ]
    return [*found, Table("AUC of B minus frozen, with 95 % intervals over users", ["", "AUC"], gains)]


def _heading(name: str) -> str:
    return name.replace("gauc", "GAUC").replace("auc", "AUC")
