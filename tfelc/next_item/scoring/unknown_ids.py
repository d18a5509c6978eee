"""What is said of ids in conditions that name no item."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from tfelc.core.data_warning import DataWarning
from tfelc.next_item.export.signatures import UNKNOWN


def warn_of_unknown(answers: Mapping[str, Any]) -> None:
    """Warns where conditions name items that the catalog lacks.

    Args:
        answers: Mapping. Of `recommend_with`; those of `recommend` have nothing to say.
    """
    if UNKNOWN in answers and (count := int(answers[UNKNOWN].sum())):
        rows = int((answers[UNKNOWN] > 0).sum())
        warnings.warn(
            f"`allow` and `deny`: {count:,} ids of {rows:,} rows are not in the catalog, and count for nothing",
            DataWarning,
            stacklevel=3,
        )
