"""The table of an experiment with new items."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tfelc.experiments.table import Table

_SHOWN = ("hr@10", "hr@20", "ndcg@20")
_HEADINGS = ("HR@10", "HR@20", "NDCG@20")


def tables(result: Mapping[str, Any]) -> list[Table]:
    """Mean and standard deviation over the seeds, for targets that are new and for all others."""
    counts = result["counts"]
    made = []
    for part, title in (("new", "Users whose next item is new"), ("others", "All other users")):
        rows = [
            [name, *(_spread([run[part][metric] for run in runs]) for metric in _SHOWN)]
            for name, runs in result["variants"].items()
        ]
        users = next(iter(result["variants"].values()))[0][part]["users"]
        note = f"{users:,} users, {counts['items']:,} items, {counts['new_items']:,} of them new"
        chance = [f"{min(cutoff / counts['items'], 1):.4f}" for cutoff in (10, 20)]
        rows.append(["chance", *chance, ""])
        made.append(Table(title, ["", *_HEADINGS], rows, note))
    return made


def _spread(values: list[float]) -> str:
    deviation = f" ± {np.std(values, ddof=1):.4f}" if len(values) > 1 else ""
    return f"{np.mean(values):.4f}{deviation}"
