"""What is said of conditions that name no item."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from tfelc.core.data_warning import DataWarning
from tfelc.next_item.export.signatures import UNKNOWN, UNKNOWN_VALUES

_SAID = {
    UNKNOWN: "`allow` and `deny`: {} ids of {} rows are not in the catalog",
    UNKNOWN_VALUES: "`where`: {} values of {} rows are of no item",
}


def warn_of_unknown(answers: Mapping[str, Any]) -> None:
    """Warns where conditions name items that the catalog lacks, or values that no item has.

    Args:
        answers: Mapping. Of `recommend_with`; those of `recommend` have nothing to say.
    """
    for name, what in _SAID.items():
        counts = answers.get(name)
        if counts is not None and counts.any():
            said = what.format(f"{int(counts.sum()):,}", f"{int((counts > 0).sum()):,}")
            warnings.warn(f"{said}, and count for nothing", DataWarning, stacklevel=3)
