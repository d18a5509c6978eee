"""The table of rankers beside the yardsticks."""

from collections.abc import Mapping
from typing import Any

from tfelc.experiments.figures import signed, spread_text
from tfelc.experiments.table import Table
from tfelc.lifecycle.report.number_text import number

_MODELS = ("logistic regression", "boosted trees")


def tables(result: Mapping[str, Any]) -> list[Table]:
    """A row for each dataset and output: the ranker's AUC, and its difference from each yardstick's."""
    rows = []
    for name, found in result["datasets"].items():
        for output, auc in found["ranker"].items():
            beside = [found["yardsticks"].get(model, {}).get(output) for model in _MODELS]
            rows.append(
                [
                    f"{name}, {output}",
                    f"{found['rows']['train']:,}",
                    spread_text(auc),
                    *map(number, beside),
                    *("" if other is None else signed(auc["mean"] - other) for other in beside),
                ]
            )
    headings = ["dataset, output", "training rows", "ranker", *_MODELS, *(f"minus {model}" for model in _MODELS)]
    return [Table(f"test AUC, mean and standard deviation over {len(result['seeds'])} seeds", headings, rows)]
