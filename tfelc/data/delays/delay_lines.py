"""What a prepared dataset holds of labels that come late, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from tfelc.data.delays.matured_labels import DELAYS
from tfelc.data.manifest import Manifest


def delay_lines(manifest: Manifest) -> Iterator[str]:
    """For each such label, how many rows are mature, and what became of the others.

    Args:
        manifest: The manifest of the dataset.
    """
    for label, said in manifest.metadata.get(DELAYS, {}).items():
        until = sorted(
            {str(np.datetime64(time, "us").astype("datetime64[s]")) for time in said["observed_until"].values()}
        )
        window = said["delay"]["window"]
        yield (
            f"label `{label}` comes within {window} {'day' if window == 1 else 'days'}, and the log was observed until "
            f"{' and '.join(until)} UTC: {_counts(said['mature'])} rows are mature, and "
            f"{_counts(said['young'])} too young" + _weighed(said["weighted"]) + _later(said["later"])
        )


def _weighed(counts: Mapping[str, int]) -> str:
    return f", {counts['train']:,} of them weighted in training" if counts["train"] else ""


def _later(counts: Mapping[str, int]) -> str:
    return f"; {sum(counts.values()):,} outcomes of mature rows came later than that, and count as none"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {split}" for split, count in counts.items())
